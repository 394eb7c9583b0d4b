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
import type {
  AuditActor,
  EpochChange,
  EpochStore,
  KemKeyRecord,
  RotationRecord,
  RotationSchedule,
} from '../../store/store.ts';
import type { Fleet } from '../fleet.ts';
import type { AgentEpochs } from './agent-epochs.ts';
import type { Announcer } from './announcer.ts';
import { confirmationsDigest } from './confirmations-digest.ts';
import { EpochError } from './epoch-error.ts';
import { destroyEpochKey, loadEpochKeys, makeEpochKey } from './epoch-files.ts';
import { type Judgement, judgeFleet } from './judge-fleet.ts';
import { heldKey, type KemKeys, type OpeningKeys } from './kem-keys.ts';
import { abortRotation, BY_ITSELF, beginRotation, commonEpoch, isRunning, supersede } from './rotation-steps.ts';

const TICK_MS = 1_000;
/** Of a schedule: below a day a fleet would never be at rest; above ten years nobody lives to see it. */
const SCHEDULE_SECONDS_MIN = 86_400;
const SCHEDULE_SECONDS_MAX = 3_650 * 86_400;

export interface EpochsParts {
  directory: string;
  store: EpochStore;
  fleet: Pick<Fleet, 'agent' | 'agents'>;
  keys: KemKeys;
  agents: AgentEpochs;
  announcer: Announcer;
  /** Hands the keys to the threads that open envelopes; resolves when each has them. */
  useKeys: (keys: OpeningKeys) => Promise<void>;
  fleetName: string;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

export class Epochs implements AsyncDisposable {
  readonly #parts: EpochsParts;
  #records: KemKeyRecord[];
  #rotation: RotationRecord | undefined;
  #schedule: RotationSchedule | undefined;
  /** Steps are made one after another. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;
  #closed = false;
  #woken = false;

  /** Goes on with whatever was under way. */
  constructor(
    state: { keys: KemKeyRecord[]; rotation: RotationRecord | undefined; schedule: RotationSchedule | undefined },
    parts: EpochsParts,
  ) {
    this.#parts = parts;
    this.#records = state.keys;
    this.#rotation = state.rotation;
    this.#schedule = state.schedule;
    this.#timer = setInterval(() => this.wake(), TICK_MS).unref();
  }

  /** Newest first. */
  get records(): readonly KemKeyRecord[] {
    return this.#records;
  }

  get rotation(): RotationRecord | undefined {
    return this.#rotation;
  }

  get schedule(): RotationSchedule | undefined {
    return this.#schedule;
  }

  /** What a new agent is told. */
  get epoch(): number {
    return commonEpoch(this.#records, this.#rotation);
  }

  get announced(): KemKey {
    return this.#parts.keys.announcement(this.epoch);
  }

  /** What this agent is told when it connects: never an epoch older than it proved, which it would take for an attack. */
  announcementFor(agentId: string): KemKey {
    const { keys, agents, announcer } = this.#parts;
    const told = this.#isTold(agentId) ? this.#rotation!.epoch : this.#epochBefore(agentId);
    const proved = agents.of(agentId)?.epoch ?? 0;
    const epoch = proved > told && keys.has(proved) ? proved : told;
    announcer.told(agentId, epoch);
    return keys.announcement(epoch);
  }

  judge(rotation: RotationRecord): Judgement {
    const { fleet, agents } = this.#parts;
    const { epoch, announcedAtUs } = rotation;
    return judgeFleet({ epoch, announcedAtUs, agents: fleet.agents(), proved: (id) => agents.of(id) });
  }

  /** Who would be told first. Those that are connected, because a canary that does not answer says nothing. */
  chooseCanary(permille: number): string[] {
    if (permille === 0) return [];
    const agents = this.#parts.fleet.agents().filter(({ revokedAtUs }) => revokedAtUs === undefined);
    const wanted = Math.min(agents.length, Math.max(1, Math.round((agents.length * permille) / 1000)));
    const live = this.#parts.announcer.live();
    // By id, which is random: the choice favours nobody.
    const order = agents.map(({ id }) => id).sort();
    return [...order.filter((id) => live.has(id)), ...order.filter((id) => !live.has(id))].slice(0, wanted);
  }

  /** Resolves when the rotation is stored and the new key is in use; telling a large fleet goes on after that. */
  async start(order: { canaryPermille: number; compromised: boolean }, by: AuditActor): Promise<void> {
    await this.#inTurn(() => this.#start(order, by));
    this.#inTurn(() => this.#tell()).catch(this.#parts.failed);
  }

  pause(by: AuditActor): Promise<void> {
    return this.#inTurn(async () => {
      const rotation = this.#running();
      if (rotation.compromised) {
        throw new EpochError('cannot_pause', 'the old epoch is refused already: agents must learn of the new one');
      }
      await this.#change({ action: 'paused', rotation: { ...rotation, paused: true } }, by);
    });
  }

  resume(by: AuditActor): Promise<void> {
    return this.#inTurn(async () => {
      const rotation = this.#running();
      await this.#change({ action: 'resumed', rotation: { ...rotation, paused: false } }, by);
      await this.#announce();
    });
  }

  abort(by: AuditActor): Promise<void> {
    return this.#inTurn(async () => {
      const rotation = this.#running();
      const from = this.#records.find(({ epoch }) => epoch === rotation.fromEpoch);
      if (rotation.phase === 'draining' || !from || from.state === 'destroyed' || from.state === 'destroying') {
        throw new EpochError(
          'cannot_abort',
          `every agent has left epoch ${rotation.fromEpoch} already; "threatguard keys pause" holds back its destruction`,
        );
      }
      const ended = { ...rotation, phase: 'aborted' as const, paused: false, endedAtUs: this.#parts.nowUs() };
      await this.#change({ action: 'aborted', rotation: ended, keys: abortRotation(this.#records, rotation) }, by);
      await this.#openAgain();
    });
  }

  setSchedule(everySeconds: number, by: AuditActor): Promise<void> {
    return this.#inTurn(async () => {
      if (everySeconds !== 0 && !(everySeconds >= SCHEDULE_SECONDS_MIN && everySeconds <= SCHEDULE_SECONDS_MAX)) {
        throw new EpochError('invalid_request', 'a schedule is from one day to ten years');
      }
      const nextAtUs = this.#parts.nowUs() + everySeconds * 1e6;
      const schedule = everySeconds === 0 ? null : { everySeconds, nextAtUs };
      await this.#change({ action: 'scheduled', schedule }, by);
    });
  }

  /** Throws EpochError `epoch_in_use` where agents may hold envelopes of it and it is not forced by the fleet's name. */
  destroy(epoch: number, order: { force: boolean; fleetName: string }, by: AuditActor): Promise<void> {
    return this.#inTurn(async () => {
      const record = this.#records.find((each) => each.epoch === epoch);
      if (!record)
        throw new EpochError('epoch_unknown', `there is no epoch ${epoch}; threatguard keys status shows them`);
      if (record.state === 'destroyed') return;
      if (epoch === this.epoch || (isRunning(this.#rotation) && epoch >= this.#rotation.epoch)) {
        throw new EpochError(
          'epoch_in_use',
          `agents are told to seal for epoch ${epoch}: first "threatguard keys rotate"`,
        );
      }
      if (order.force && order.fleetName !== this.#parts.fleetName) {
        throw new EpochError('fleet_name', `this is fleet "${this.#parts.fleetName}", not "${order.fleetName}"`);
      }
      const { waiting } = this.#judgeBelow(epoch + 1);
      if (waiting.length > 0 && !order.force) throw inUse(epoch, waiting);
      await this.#destroy([record], by, { forced: order.force ? 1 : 0, unproven: waiting.length });
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
    this.#inTurn(advance).catch(this.#parts.failed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#turn.catch(() => undefined); // whoever asked for that step was told
  }

  async #start(
    order: { canaryPermille: number; compromised: boolean; schedule?: RotationSchedule },
    by: AuditActor,
  ): Promise<void> {
    if (isRunning(this.#rotation)) {
      const { epoch, paused } = this.#rotation;
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
    const file = await makeEpochKey(directory, Math.max(...onDisk, ...this.#records.map(({ epoch }) => epoch)) + 1);
    const step = beginRotation({
      made: { ...heldKey(file), state: 'announced', announcedAtUs: nowUs(), destroyedAtUs: undefined },
      keys: this.#records,
      fromEpoch,
      compromised: order.compromised,
      canaryAgents: this.chooseCanary(order.canaryPermille),
      startedBy: by.kind === 'collector' ? 'the schedule' : by.id,
      nowUs: nowUs(),
    });
    const { schedule } = order;
    await this.#change({ action: 'started', ...step, ...(schedule && { schedule }) }, by);
    // Opened before anybody is told of it.
    keys.add(file);
    for (const { epoch, state } of this.#records) if (state === 'refused') keys.leave(epoch);
    await this.#parts.useKeys(keys.opening());
  }

  /** A compromised epoch is refused once all that are here have been told what to seal for instead. */
  async #tell(): Promise<void> {
    await this.#announce();
    if (!isRunning(this.#rotation) || !this.#rotation.compromised) return;
    const { keys } = this.#parts;
    for (const { epoch, state } of this.#records) if (state === 'refused') keys.drop(epoch, 'epoch_refused');
    await this.#parts.useKeys(keys.opening());
  }

  async #advance(): Promise<void> {
    const rotation = this.#rotation;
    if (!isRunning(rotation)) return this.#startScheduled();
    if (rotation.paused) return;
    const { agents, fleet, nowUs } = this.#parts;
    if (rotation.phase === 'canary') {
      const live = new Set(fleet.agents().flatMap(({ id, revokedAtUs }) => (revokedAtUs === undefined ? [id] : [])));
      const waits = rotation.canaryAgents.some((id) => live.has(id) && (agents.of(id)?.epoch ?? 0) < rotation.epoch);
      if (waits) return;
      const older = this.#records.filter(({ epoch }) => epoch !== rotation.epoch);
      const announced: RotationRecord = { ...rotation, phase: 'announced', announcedAtUs: nowUs() };
      await this.#change({ action: 'announced', rotation: announced, keys: supersede(older, false) }, BY_ITSELF);
      await this.#announce();
      return this.#advance();
    }
    const older = this.#records.filter(({ epoch, state }) => epoch < rotation.epoch && state !== 'destroyed');
    const judgement = this.judge(rotation);
    const { waiting } = judgement;
    if (rotation.phase === 'announced' && older.length > 0) {
      if (waiting.some((each) => each.for !== 'drain')) return;
      const facts = { agents: judgement.agents, confirmations: this.#digest(rotation.epoch) };
      await this.#change({ action: 'draining', rotation: { ...rotation, phase: 'draining' }, facts }, BY_ITSELF);
      return this.#advance();
    }
    if (older.length > 0 && waiting.length > 0) return;
    await this.#destroy(older, BY_ITSELF, {});
    const done: RotationRecord = { ...rotation, phase: 'done', endedAtUs: nowUs() };
    await this.#change({ action: 'done', rotation: done }, BY_ITSELF);
  }

  async #startScheduled(): Promise<void> {
    const schedule = this.#schedule;
    const now = this.#parts.nowUs();
    if (!schedule || now < schedule.nextAtUs) return;
    const next = { ...schedule, nextAtUs: now + schedule.everySeconds * 1e6 };
    await this.#start({ canaryPermille: 0, compromised: false, schedule: next }, BY_ITSELF);
    await this.#tell();
  }

  async #destroy(records: readonly KemKeyRecord[], by: AuditActor, facts: Record<string, number>): Promise<void> {
    if (records.length === 0) return;
    const { directory, keys, nowUs } = this.#parts;
    const going = records.map((record) => ({ ...record, state: 'destroying' as const }));
    await this.#change({ action: 'destroying', keys: going, facts }, by);
    for (const { epoch } of going) keys.drop(epoch, 'epoch_destroyed');
    await this.#parts.useKeys(keys.opening());
    for (const { epoch } of going) await destroyEpochKey(directory, epoch);
    const gone = going.map((record) => ({ ...record, state: 'destroyed' as const, destroyedAtUs: nowUs() }));
    await this.#change({ action: 'destroyed', keys: gone, facts }, by);
  }

  /** After an abort: what was refused is taken again. */
  async #openAgain(): Promise<void> {
    const { directory, keys, useKeys } = this.#parts;
    const open = new Set(this.#records.flatMap(({ epoch, state }) => (state === 'destroyed' ? [] : [epoch])));
    for (const file of await loadEpochKeys(directory))
      if (open.has(file.epoch) && !keys.has(file.epoch)) keys.add(file);
    await useKeys(keys.opening());
  }

  /** Tells those on live streams who are to know and have not been told. */
  #announce(): Promise<void> {
    const { announcer, keys } = this.#parts;
    const rotation = this.#rotation;
    if (!isRunning(rotation) || rotation.paused) return Promise.resolve();
    return announcer.announce(keys.announcement(rotation.epoch), {
      epoch: rotation.epoch,
      to: (agentId) => this.#isTold(agentId),
    });
  }

  #isTold(agentId: string): boolean {
    const rotation = this.#rotation;
    if (!isRunning(rotation) || rotation.paused) return false;
    return rotation.phase !== 'canary' || rotation.canaryAgents.includes(agentId);
  }

  /** What an agent is told that is not to hear of the running rotation. */
  #epochBefore(agentId: string): number {
    const { fleet, keys } = this.#parts;
    const rotation = this.#rotation;
    const enrolledAtUs = fleet.agent(agentId)?.enrolledAtUs ?? 0;
    // Who enrolled since it was announced to all was given the new epoch then.
    const isOlder = isRunning(rotation) && enrolledAtUs < (rotation.announcedAtUs ?? 0);
    return isOlder && keys.has(rotation.fromEpoch) ? rotation.fromEpoch : this.epoch;
  }

  #running(): RotationRecord {
    if (isRunning(this.#rotation)) return this.#rotation;
    throw new EpochError('no_rotation', 'no rotation is running; "threatguard keys rotate" begins one');
  }

  #judgeBelow(epoch: number): Judgement {
    const { fleet, agents } = this.#parts;
    const announcedAtUs = this.#rotation && this.#rotation.epoch >= epoch ? this.#rotation.announcedAtUs : undefined;
    return judgeFleet({ epoch, announcedAtUs, agents: fleet.agents(), proved: (id) => agents.of(id) });
  }

  #digest(epoch: number): string {
    const { fleet, agents } = this.#parts;
    const proved = fleet.agents().flatMap(({ id }) => agents.of(id) ?? []);
    return confirmationsDigest(proved.filter((record) => record.epoch >= epoch));
  }

  /** Stored first; only then what is in memory. */
  async #change(change: Omit<EpochChange, 'atUs'>, by: AuditActor): Promise<void> {
    await this.#parts.store.change({ atUs: this.#parts.nowUs(), ...change }, by);
    const changed = new Map((change.keys ?? []).map((key) => [key.epoch, key]));
    const kept = this.#records.filter(({ epoch }) => !changed.has(epoch));
    this.#records = [...kept, ...changed.values()].sort((a, b) => b.epoch - a.epoch);
    if (change.rotation) this.#rotation = change.rotation;
    if (change.schedule !== undefined) this.#schedule = change.schedule ?? undefined;
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(step, step);
    this.#turn = mine.catch(() => undefined); // whoever asked for that step is told
    return mine;
  }
}

function inUse(epoch: number, waiting: Judgement['waiting']): EpochError {
  const names = waiting.slice(0, 5).map(({ agent }) => agent.name);
  const more = waiting.length > names.length ? ` and ${waiting.length - names.length} more` : '';
  return new EpochError(
    'epoch_in_use',
    `epoch ${epoch} may be needed by ${waiting.length} of the fleet (${names.join(', ')}${more}): wait for them, revoke them, or use --force`,
  );
}
