// A month of the fleet with attacks in it, through the engine as the collector has it: baselines from the first event, trained
// models from the fifteenth day on; beside it plain thresholds.
import type { Detection, HostEvent } from '@threatguard/proto';
import { Behaviour } from '../../collector/src/detect/behaviour/behaviour.ts';
import { FEATURE_COUNT } from '../../collector/src/detect/behaviour/features.ts';
import { observe } from '../../collector/src/detect/behaviour/observations.ts';
import { ENTITY_KINDS, type EntityKind, LAYOUT, type Profile } from '../../collector/src/detect/behaviour/profile.ts';
import { FAMILIES } from '../../collector/src/detect/behaviour/sequences/families.ts';
import {
  type ActiveSequences,
  SequenceScorer,
  trainFamily,
} from '../../collector/src/detect/behaviour/sequences/sequence-scorer.ts';
import type { ActiveModel } from '../../collector/src/detect/behaviour/trained/kinds.ts';
import { HOUR_MODELS, loadScorer, trainKind } from '../../collector/src/detect/behaviour/trained/scorers.ts';
import { voteOf } from '../../collector/src/detect/behaviour/trained/voters.ts';
import { type Attack, layAttacks } from './models-scenarios-attacks.ts';
import { BEGAN_AT_US, DAY_US, DAYS, Fleet, type FleetEvent, HOSTS } from './models-scenarios-fleet.ts';
import { PlainThresholds } from './models-scenarios-plain.ts';

export const LEARNING_DAYS = 14;
/** Hosts send what they saw every ten minutes, not in step with each other. */
const BATCH_US = 600e6;

export class ScenarioRun {
  readonly attacks: Attack[];
  readonly detections: Detection[] = [];
  readonly plain = new PlainThresholds();
  events = 0;
  /** Of the processor: where events are opened, where they are learned, and of what only the bench does. */
  observedMs = 0;
  learnedMs = 0;
  plainMs = 0;
  trainedMs = 0;
  readonly #budget: number;
  readonly #fleet: Fleet;
  readonly #behaviour: Behaviour;
  readonly #rows = new Map<EntityKind, Float32Array[]>(ENTITY_KINDS.map((kind) => [kind, []]));
  readonly #active: ActiveModel[] = [];
  readonly #pieces: string[][][] = FAMILIES.map(() => []);
  #sequenceModel: ActiveSequences | undefined;
  readonly #sequences = new Map<number, number>();
  #day = 0;

  /** `budget`: alerts a host and day that ordinary behaviour may raise, of the engine and of the plain thresholds. */
  constructor(seed: number, budget: number) {
    this.#budget = budget;
    this.#fleet = new Fleet(seed);
    this.attacks = layAttacks(this.#fleet, { from: LEARNING_DAYS + 1, to: DAYS - 2 });
    this.#behaviour = new Behaviour({
      learningDays: LEARNING_DAYS,
      alertsPerHostDay: budget,
      seed: 1,
      agentName: (id) => id,
      closed: (profile) => this.#takeHour(profile),
      vote: (profile) => voteOf(this.#active, profile),
      sequences: () => this.#sequenceModel,
      pieceEnded: (_, family, tokens) => this.#takePiece(family, tokens),
    });
  }

  play(): void {
    const laid = this.attacks.flatMap(({ events }) => events).sort(inTime);
    let next = 0;
    for (this.#day = 0; this.#day < DAYS; this.#day++) {
      if (this.#day === LEARNING_DAYS) {
        this.#trainModels();
        this.plain.settle(this.#budget * HOSTS * 7);
      }
      const today = this.#fleet.day(this.#day);
      const endUs = BEGAN_AT_US + (this.#day + 1) * DAY_US;
      for (; next < laid.length && laid[next]!.event.observedAtUs! < endUs; next++) today.push(laid[next]!);
      this.#sendDay(today.sort(inTime));
    }
  }

  #takeHour(profile: Profile): void {
    const startedMs = threadMs();
    const learning = this.#day < LEARNING_DAYS;
    if (profile.kind === 'host' || profile.kind === 'user') this.plain.take(profile, this.#day >= 7 && learning);
    if (learning) {
      this.#rows.get(profile.kind)!.push(profile.numbers.slice(LAYOUT.window, LAYOUT.window + FEATURE_COUNT));
    }
    this.plainMs += threadMs() - startedMs;
  }

  #takePiece(family: number, tokens: readonly number[]): void {
    if (this.#day >= LEARNING_DAYS) return;
    const startedMs = threadMs();
    const { words } = this.#behaviour.sequences;
    this.#pieces[family]!.push(tokens.map((hash) => words.text(hash) ?? ''));
    this.plainMs += threadMs() - startedMs;
  }

  #trainModels(): void {
    const startedMs = threadMs();
    for (const name of HOUR_MODELS) {
      const model: ActiveModel = { name, version: 1, scorers: {} };
      for (const kind of ENTITY_KINDS) {
        const kept = this.#rows.get(kind)!;
        const features = new Float32Array(kept.length * FEATURE_COUNT);
        for (const [at, row] of kept.entries()) features.set(row, at * FEATURE_COUNT);
        model.scorers[kind] = loadScorer(name, trainKind(name, features, 1));
      }
      this.#active.push(model);
    }
    const families = FAMILIES.map((family, at) => [family, trainFamily(this.#pieces[at]!, 1)] as const);
    this.#sequenceModel = { name: 'sequences', version: 1, scorer: new SequenceScorer(Object.fromEntries(families)) };
    this.#pieces.length = 0;
    this.trainedMs = threadMs() - startedMs;
  }

  #sendDay(all: readonly FleetEvent[]): void {
    const waiting = new Map<number, HostEvent[]>();
    let sendAtUs = 0;
    const sendAll = () => {
      for (const [host, events] of waiting) this.#send(host, events);
      waiting.clear();
    };
    for (const { host, event } of all) {
      if (event.observedAtUs! > sendAtUs) {
        sendAll();
        sendAtUs = event.observedAtUs! + BATCH_US;
      }
      const known = waiting.get(host);
      if (known) known.push(event);
      else waiting.set(host, [event]);
    }
    sendAll();
  }

  /** One envelope of a host, through both halves: what the thread that opens it does, and the one that learns. */
  #send(host: number, events: HostEvent[]): void {
    const agentId = `host-${host}`;
    const sequence = (this.#sequences.get(host) ?? 0) + 1;
    this.#sequences.set(host, sequence);
    const header = { streamId: new Uint8Array(16), sequence };
    const eventTimesUs = Float64Array.from(events, (event) => event.observedAtUs!);
    const startedMs = threadMs();
    const observations = observe({ agentId, agentName: agentId, header, events, eventTimesUs });
    const halfMs = threadMs();
    this.detections.push(...this.#behaviour.observe(observations));
    this.observedMs += halfMs - startedMs - CLOCK_MS;
    this.learnedMs += threadMs() - halfMs - CLOCK_MS;
    this.events += events.length;
  }
}

function inTime(a: FleetEvent, b: FleetEvent): number {
  return a.event.observedAtUs! - b.event.observedAtUs!;
}

/** What it takes to look at the clock: envelopes are small, and each is looked at three times. */
const CLOCK_MS = clockMs(100_000);

function clockMs(looks: number): number {
  const startedMs = threadMs();
  for (let look = 1; look < looks; look++) threadMs();
  return (threadMs() - startedMs) / looks;
}

/** Of the processor, so that a machine that does much else changes little. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
