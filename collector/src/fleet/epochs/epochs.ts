// The fleet's ML-KEM epochs and their rotation:
//
//   canary -> announced -> draining -> done          and aborted, from the first two
//
//   canary      the share of the fleet that is told first has not all confirmed yet
//   announced   everybody is told, on live streams and in every welcome; agents confirm one by one
//   draining    every agent proved the new epoch; envelopes of older ones still lie in spools
//   done        no key of an older epoch exists any more
//
// State is what the store holds, and the key files. A step is stored first and acted on then, and what acting means follows
// from the state alone: a collector that was killed anywhere in between does it again when it starts. Two orders matter: a
// key file is on disk before any record names it; a record says `destroying` before the file is overwritten, and
// `destroyed` only after it is gone.
import type { KemKey } from '@threatguard/proto';
import type { AuditActor } from '../../store/audit-entry.ts';
import type { RotationRecord, RotationSchedule } from '../../store/epoch-store.ts';
import { Turns } from '../../turns.ts';
import type { Fleet } from '../fleet.ts';
import type { AgentEpochs } from './agent-epochs.ts';
import type { Announcer } from './announcer.ts';
import { destroyEpochs, inUse } from './destroy-epochs.ts';
import { EpochError } from './epoch-error.ts';
import { loadEpochKeys, makeEpochKey } from './epoch-files.ts';
import type { EpochLedger } from './epoch-ledger.ts';
import type { FleetProofs } from './fleet-proofs.ts';
import { heldKey, type KemKeys, type OpeningKeys } from './kem-keys.ts';
import { abortRotation, BY_ITSELF, beginRotation, isRunning, supersede } from './rotation-steps.ts';

const TICK_MS = 1_000;
/** Of a schedule: below a day a fleet would never be at rest; above ten years nobody lives to see it. */
const SCHEDULE_SECONDS_MIN = 86_400;
const SCHEDULE_SECONDS_MAX = 3_650 * 86_400;

export interface EpochsParts {
  directory: string;
  ledger: EpochLedger;
  proofs: FleetProofs;
  fleet: Pick<Fleet, 'agent'>;
  keys: KemKeys;
  agents: Pick<AgentEpochs, 'of'>;
  announcer: Announcer;
  /** Hands the keys to the threads that open envelopes; resolves when each has them. */
  useKeys: (keys: OpeningKeys) => Promise<void>;
  fleetName: string;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

export class Epochs implements AsyncDisposable {
  readonly #parts: EpochsParts;
  readonly #ledger: EpochLedger;
  /** Steps are made one after another. */
  readonly #turns = new Turns();
  readonly #timer: NodeJS.Timeout;
  #closed = false;
  #woken = false;

  /** Goes on with whatever was under way. */
  constructor(parts: EpochsParts) {
    this.#parts = parts;
    this.#ledger = parts.ledger;
    this.#timer = setInterval(() => this.wake(), TICK_MS).unref();
  }

  /** What a new agent is told. */
  get epoch(): number {
    return this.#ledger.epoch;
  }

  get announced(): KemKey {
    return this.#parts.keys.announcement(this.epoch);
  }

  /** What this agent is told when it connects: never an epoch older than it proved, which it would take for an attack. */
  announcementFor(agentId: string): KemKey {
    const { keys, agents, announcer } = this.#parts;
    const told = this.#ledger.isTold(agentId) ? this.#ledger.rotation!.epoch : this.#epochBefore(agentId);
    const proved = agents.of(agentId)?.epoch ?? 0;
    const epoch = proved > told && keys.has(proved) ? proved : told;
    announcer.told(agentId, epoch);
    return keys.announcement(epoch);
  }

  /** Resolves when the rotation is stored and the new key is in use; telling a large fleet goes on after that. */
  async start(order: { canaryPermille: number; compromised: boolean }, by: AuditActor): Promise<void> {
    await this.#turns.next(() => this.#start(order, by));
    this.#turns.next(() => this.#tell()).catch(this.#parts.failed);
  }

  pause(by: AuditActor): Promise<void> {
    return this.#turns.next(async () => {
      const rotation = this.#ledger.running();
      if (rotation.compromised) {
        throw new EpochError('cannot_pause', 'the old epoch is refused already: agents must learn of the new one');
      }
      await this.#ledger.change({ action: 'paused', rotation: { ...rotation, paused: true } }, by);
    });
  }

  resume(by: AuditActor): Promise<void> {
    return this.#turns.next(async () => {
      const rotation = this.#ledger.running();
      await this.#ledger.change({ action: 'resumed', rotation: { ...rotation, paused: false } }, by);
      await this.#announce();
    });
  }

  abort(by: AuditActor): Promise<void> {
    return this.#turns.next(async () => {
      const rotation = this.#ledger.running();
      const from = this.#ledger.find(rotation.fromEpoch);
      if (rotation.phase === 'draining' || !from || from.state === 'destroyed' || from.state === 'destroying') {
        throw new EpochError(
          'cannot_abort',
          `every agent has left epoch ${rotation.fromEpoch} already; "threatguard keys pause" holds back its destruction`,
        );
      }
      const ended = { ...rotation, phase: 'aborted' as const, paused: false, endedAtUs: this.#parts.nowUs() };
      await this.#ledger.change(
        { action: 'aborted', rotation: ended, keys: abortRotation(this.#ledger.records, rotation) },
        by,
      );
      await this.#openAgain();
    });
  }

  setSchedule(everySeconds: number, by: AuditActor): Promise<void> {
    return this.#turns.next(async () => {
      if (everySeconds !== 0 && !(everySeconds >= SCHEDULE_SECONDS_MIN && everySeconds <= SCHEDULE_SECONDS_MAX)) {
        throw new EpochError('invalid_request', 'a schedule is from one day to ten years');
      }
      const nextAtUs = this.#parts.nowUs() + everySeconds * 1e6;
      const schedule = everySeconds === 0 ? null : { everySeconds, nextAtUs };
      await this.#ledger.change({ action: 'scheduled', schedule }, by);
    });
  }

  /** Throws EpochError `epoch_in_use` where agents may hold envelopes of it and it is not forced by the fleet's name. */
  destroy(epoch: number, order: { force: boolean; fleetName: string }, by: AuditActor): Promise<void> {
    return this.#turns.next(async () => {
      const record = this.#ledger.find(epoch);
      if (!record)
        throw new EpochError('epoch_unknown', `there is no epoch ${epoch}; threatguard keys status shows them`);
      if (record.state === 'destroyed') return;
      if (epoch === this.epoch || (isRunning(this.#ledger.rotation) && epoch >= this.#ledger.rotation.epoch)) {
        throw new EpochError(
          'epoch_in_use',
          `agents are told to seal for epoch ${epoch}: first "threatguard keys rotate"`,
        );
      }
      if (order.force && order.fleetName !== this.#parts.fleetName) {
        throw new EpochError('fleet_name', `this is fleet "${this.#parts.fleetName}", not "${order.fleetName}"`);
      }
      const { waiting } = this.#parts.proofs.judgeNeedOf(epoch, this.#ledger.rotation);
      if (waiting.length > 0 && !order.force) throw inUse(epoch, waiting);
      await destroyEpochs(this.#parts, [record], by, { forced: order.force ? 1 : 0, unproven: waiting.length });
    });
  }

  /** Looks whether the next step may be made. */
  wake(): void {
    if (this.#closed || this.#woken) return;
    this.#woken = true;
    const advance = () => {
      this.#woken = false;
      return this.#advance();
    };
    this.#turns.next(advance).catch(this.#parts.failed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#turns.ended();
  }

  async #start(
    order: { canaryPermille: number; compromised: boolean; schedule?: RotationSchedule },
    by: AuditActor,
  ): Promise<void> {
    if (isRunning(this.#ledger.rotation)) {
      const { epoch, paused } = this.#ledger.rotation;
      const next = paused ? '"threatguard keys resume"' : 'wait for it';
      throw new EpochError(
        'rotation_running',
        `the rotation to epoch ${epoch} is not over: ${next}, or "threatguard keys abort"`,
      );
    }
    if (order.compromised && order.canaryPermille > 0) {
      throw new EpochError('invalid_request', 'a compromised epoch is refused for all at once: without a canary');
    }
    const { directory, nowUs, keys } = this.#parts;
    const fromEpoch = this.epoch;
    const onDisk = (await loadEpochKeys(directory)).map(({ epoch }) => epoch);
    const file = await makeEpochKey(
      directory,
      Math.max(...onDisk, ...this.#ledger.records.map(({ epoch }) => epoch)) + 1,
    );
    const step = beginRotation({
      made: { ...heldKey(file), state: 'announced', announcedAtUs: nowUs(), destroyedAtUs: undefined },
      keys: this.#ledger.records,
      fromEpoch,
      compromised: order.compromised,
      canaryAgents: this.#parts.proofs.chooseCanary(order.canaryPermille),
      startedBy: by.kind === 'collector' ? 'the schedule' : by.id,
      nowUs: nowUs(),
    });
    const { schedule } = order;
    await this.#ledger.change({ action: 'started', ...step, ...(schedule && { schedule }) }, by);
    // Opened before anybody is told of it.
    keys.add(file);
    for (const epoch of this.#ledger.refused) keys.leave(epoch);
    await this.#parts.useKeys(keys.opening());
  }

  /** A compromised epoch is refused once all that are here have been told what to seal for instead. */
  async #tell(): Promise<void> {
    await this.#announce();
    if (!isRunning(this.#ledger.rotation) || !this.#ledger.rotation.compromised) return;
    const { keys } = this.#parts;
    for (const epoch of this.#ledger.refused) keys.drop(epoch, 'epoch_refused');
    await this.#parts.useKeys(keys.opening());
  }

  async #advance(): Promise<void> {
    const rotation = this.#ledger.rotation;
    if (!isRunning(rotation)) return this.#startScheduled();
    if (rotation.paused) return;
    const { proofs, nowUs } = this.#parts;
    if (rotation.phase === 'canary') {
      if (!proofs.hasCanaryConfirmed(rotation)) return;
      const older = this.#ledger.records.filter(({ epoch }) => epoch !== rotation.epoch);
      const announced: RotationRecord = { ...rotation, phase: 'announced', announcedAtUs: nowUs() };
      await this.#ledger.change({ action: 'announced', rotation: announced, keys: supersede(older, false) }, BY_ITSELF);
      await this.#announce();
      return this.#advance();
    }
    const older = this.#ledger.olderThan(rotation.epoch);
    const judgement = proofs.judge(rotation);
    const { waiting } = judgement;
    if (rotation.phase === 'announced' && older.length > 0) {
      if (waiting.some((each) => each.for !== 'drain')) return;
      const facts = { agents: judgement.agents, confirmations: proofs.digest(rotation.epoch) };
      await this.#ledger.change({ action: 'draining', rotation: { ...rotation, phase: 'draining' }, facts }, BY_ITSELF);
      return this.#advance();
    }
    if (older.length > 0 && waiting.length > 0) return;
    await destroyEpochs(this.#parts, older, BY_ITSELF);
    const done: RotationRecord = { ...rotation, phase: 'done', endedAtUs: nowUs() };
    await this.#ledger.change({ action: 'done', rotation: done }, BY_ITSELF);
  }

  async #startScheduled(): Promise<void> {
    const schedule = this.#ledger.schedule;
    const now = this.#parts.nowUs();
    if (!schedule || now < schedule.nextAtUs) return;
    const next = { ...schedule, nextAtUs: now + schedule.everySeconds * 1e6 };
    await this.#start({ canaryPermille: 0, compromised: false, schedule: next }, BY_ITSELF);
    await this.#tell();
  }

  /** After an abort: what was refused is taken again. */
  async #openAgain(): Promise<void> {
    const { directory, keys, useKeys } = this.#parts;
    const open = new Set(this.#ledger.records.flatMap(({ epoch, state }) => (state === 'destroyed' ? [] : [epoch])));
    for (const file of await loadEpochKeys(directory))
      if (open.has(file.epoch) && !keys.has(file.epoch)) keys.add(file);
    await useKeys(keys.opening());
  }

  /** Tells those on live streams who are to know and have not been told. */
  #announce(): Promise<void> {
    const { announcer, keys } = this.#parts;
    const rotation = this.#ledger.rotation;
    if (!isRunning(rotation) || rotation.paused) return Promise.resolve();
    return announcer.announce(keys.announcement(rotation.epoch), {
      epoch: rotation.epoch,
      to: (agentId) => this.#ledger.isTold(agentId),
    });
  }

  /** What an agent is told that is not to hear of the running rotation. */
  #epochBefore(agentId: string): number {
    const { fleet, keys } = this.#parts;
    const rotation = this.#ledger.rotation;
    const enrolledAtUs = fleet.agent(agentId)?.enrolledAtUs ?? 0;
    // Who enrolled since it was announced to all was given the new epoch then.
    const isOlder = isRunning(rotation) && enrolledAtUs < (rotation.announcedAtUs ?? 0);
    return isOlder && keys.has(rotation.fromEpoch) ? rotation.fromEpoch : this.epoch;
  }
}
