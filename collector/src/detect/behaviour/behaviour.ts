// The behaviour of the fleet as it comes: what is usual for every host, user, account and program is learned from each event, and
// an hour that is not usual is spoken of while it goes on.
//
// Invariants: an envelope counts once, however often it is observed (`positions`). An entity's hour only goes forward. Nothing
// is said of an entity that is known for less than `learningDays`, nor before the fleet is.
import type { Detection, ModelVote } from '@threatguard/proto';
import { Bar } from './bar.ts';
import { Calibration } from './calibration.ts';
import { EntityTable, emptyByKind } from './entity-table.ts';
import { Hours, scoreOf } from './hours.ts';
import { NoveltyRates } from './novelty.ts';
import type { Observations } from './observations.ts';
import { hourOf } from './observed-entities.ts';
import { PeerGroups } from './peers.ts';
import { combineDependent } from './probability.ts';
import { ENTITY_KINDS, type Profile } from './profile.ts';
import { buildReason } from './reason.ts';
import { describeSequence } from './sequences/say-sequence.ts';
import type { ActiveSequences } from './sequences/sequence-scorer.ts';
import { Sequences } from './sequences/sequences.ts';
import { nameOf, speak } from './speak.ts';
import { StreamKeys } from './stream-keys.ts';
import { Updater } from './update.ts';

/** Streams whose position is known: ten times the agents of a fleet. */
const STREAMS_MAX = 100_000;
/** Of what one kind may say of the same host or again of the same hour: only what is ten times rarer. */
const RARER_LEAST = 1;
/** UTC, when peers are found anew. */
const PEERS_HOUR = 2;
const DAY_HOURS = 24;
/** Hours all models have judged before they may speak together: a day or two of a fleet. */
const ENSEMBLE_LEAST = 1_000;
/** Once in ten hours is nothing. */
const BASELINE_LEAST = 1;
/** Of the budget. */
const ENSEMBLE_SHARE = 0.2;

export interface BehaviourOptions {
  /** Days before anything is said. */
  learningDays: number;
  /** Detections of all models together that ordinary behaviour may raise, for each host and day. */
  alertsPerHostDay: number;
  seed: number;
  entitiesMax?: number;
  agentName?: (agentId: string) => string;
  /** An hour of an entity is over. */
  closed?: (profile: Profile) => void;
  /** What trained models say of an hour that is over; none where no model is in use. */
  vote?: (profile: Profile) => ModelVote[];
  /** The model of sequences that is in use. */
  sequences?: () => ActiveSequences | undefined;
  /** A piece of what an entity did one after the other is over: tokens by their hashes. */
  pieceEnded?: (profile: Profile, family: number, tokens: readonly number[]) => void;
}

export class Behaviour {
  readonly entities: EntityTable;
  readonly groups = new PeerGroups();
  readonly rates = new NoveltyRates();
  readonly calibration = new Calibration();
  readonly bars = emptyByKind(() => new Bar());
  /** The same of what all models together say of whole hours. */
  readonly ensembles = emptyByKind(() => new Bar(ENSEMBLE_LEAST));
  readonly hours: Hours;
  readonly sequences: Sequences;
  /** The same of what was done one after the other in whole hours: what is usual drifts, a model that was trained does not. */
  readonly sequenceBars = emptyByKind(() => new Bar(ENSEMBLE_LEAST));
  /** The newest sequence of each stream that counts, by agent and stream. */
  readonly positions = new Map<string, number>();
  readonly options: BehaviourOptions;
  readonly #updater: Updater;
  readonly #streams = new StreamKeys();
  /** How many hours of each kind ended in each of the last 24 hours. */
  readonly closedIn = emptyByKind(() => new Float64Array(DAY_HOURS));
  /** Until when a host was spoken of, and how rare that was. */
  readonly #spokenOf = new Map<string, { hour: number; rarity: number }>();
  /** The envelope and row that are observed, and what came of them so far. */
  #present: { batch: Observations; row: number; into: Detection[] } | undefined;

  constructor(options: BehaviourOptions) {
    this.options = options;
    this.sequences = new Sequences({
      active: () => options.sequences?.(),
      ended: (profile, family, tokens) => options.pieceEnded?.(profile, family, tokens),
    });
    this.entities = new EntityTable(options.entitiesMax);
    this.hours = new Hours({
      learningDays: options.learningDays,
      groups: this.groups,
      rates: this.rates,
      calibration: this.calibration,
      bars: this.bars,
      closed: (profile) => {
        this.closedIn[profile.kind][this.hours.newest % DAY_HOURS]!++;
        options.closed?.(profile);
        const sequence = this.#closeSequences(profile);
        if (options.vote && profile.standing === 'spoken-of') {
          const votes = options.vote(profile);
          this.#vote(profile, sequence ? [...votes, sequence] : votes);
        }
      },
    });
    this.#updater = new Updater(this.entities, this.hours, this.sequences);
  }

  /** Whole days of events seen so far. */
  get learnedDays(): number {
    return Math.max(0, Math.floor((this.hours.newest - this.hours.first) / DAY_HOURS));
  }

  /** Learns from the next envelope of a stream and says what it makes unusual. One that counted already does nothing. */
  observe(batch: Observations): Detection[] {
    if (!this.#advance(batch)) return [];
    const detections: Detection[] = [];
    const { risen } = this.hours;
    this.#present = undefined;
    this.#updater.begin(batch);
    for (let row = 0; row < batch.kinds.length; row++) {
      this.#turn(hourOf(batch.atUs[row]!));
      risen.length = 0;
      this.#present = { batch, row, into: detections };
      this.#updater.apply(row);
      if (risen.length > 0) this.#judge(new Set(risen), batch, row, detections);
    }
    return detections;
  }

  /** What people should know: learning, and what was given up. */
  notices(): string[] {
    const { learningDays } = this.options;
    const notices: string[] = [];
    if (this.learnedDays < learningDays) {
      notices.push(`models are learning, ${this.learnedDays} of ${learningDays} days: until then they say nothing`);
    }
    if (this.entities.evicted > 0) {
      notices.push(
        `${this.entities.evicted} entities were forgotten by the models for lack of room and are learned anew`,
      );
    }
    return notices;
  }

  #advance({ agentId, streamId, sequence }: Observations): boolean {
    const key = this.#streams.of(agentId, streamId);
    if (sequence <= (this.positions.get(key) ?? 0)) return false;
    // Last come, last forgotten.
    this.positions.delete(key);
    this.positions.set(key, sequence);
    if (this.positions.size > STREAMS_MAX) this.positions.delete(this.positions.keys().next().value!);
    return true;
  }

  /** A new hour of the fleet: what is rare is decided anew, and at night who is like whom. */
  #turn(hour: number): void {
    const { hours } = this;
    if (hour < hours.first) hours.first = hour;
    if (hour <= hours.newest) return;
    const before = hours.newest;
    hours.newest = hour;
    const passed = Math.min(DAY_HOURS, hour - before);
    for (const kind of ENTITY_KINDS) {
      for (let each = 0; each < passed; each++) this.closedIn[kind][(hour - each) % DAY_HOURS] = 0;
    }
    if (before === 0) return;
    this.#settleBars();
    const nights = Math.floor((hour - PEERS_HOUR) / DAY_HOURS) - Math.floor((before - PEERS_HOUR) / DAY_HOURS);
    if (nights > 0) this.groups.find(this.entities, this.options.seed);
  }

  #settleBars(): void {
    const known = Math.min(DAY_HOURS, Math.max(1, this.hours.newest - this.hours.first));
    const spoken = this.options.alertsPerHostDay * Math.max(1, this.entities.count('host'));
    const perDay = emptyByKind(
      (kind) => (this.closedIn[kind].reduce((sum, each) => sum + each, 0) * DAY_HOURS) / known,
    );
    this.calibration.settle(perDay);
    // Most of the budget is for what is said while an hour goes on, the rest for what is said of whole hours.
    const each = spoken / ENTITY_KINDS.length;
    const whole = this.options.vote ? each * ENSEMBLE_SHARE : 0;
    for (const kind of ENTITY_KINDS) {
      this.bars[kind].settle(perDay[kind], each - whole);
      this.ensembles[kind].settle(perDay[kind], whole);
      this.sequenceBars[kind].settle(perDay[kind], whole);
    }
  }

  #judge(risen: ReadonlySet<Profile>, batch: Observations, row: number, into: Detection[]): void {
    for (const profile of risen) {
      const bar = this.bars[profile.kind];
      const score = scoreOf(profile);
      if (score < bar.score || score < profile.spoken + RARER_LEAST) continue;
      const rarity = bar.rarity(score);
      profile.spoken = score;
      if (this.#isTold(batch.agentId, profile.hour, rarity)) continue;
      const votes = [{ model: 'baseline', version: 0, surprise: rarity, agrees: true }];
      into.push(this.#describe(profile, { batch, row, rarity, votes }));
    }
  }

  /** What the model of sequences says of an hour that is over; nothing while it is not known how often it says so of ordinary ones. */
  #closeSequences(profile: Profile): ModelVote | undefined {
    const vote = this.sequences.close(profile);
    if (!vote || profile.standing === 'quiet') return undefined;
    const bar = this.sequenceBars[profile.kind];
    const raw = vote.surprise ?? 0;
    const surprise = Math.min(raw, bar.rarity(raw));
    if (profile.spoken === 0) bar.add(raw);
    return bar.count < ENSEMBLE_LEAST ? undefined : { ...vote, surprise };
  }

  /** A whole hour, by all models together: what each finds a little rare may be very rare. */
  #vote(profile: Profile, trained: readonly ModelVote[]): void {
    if (!this.#present || trained.length === 0) return;
    const { batch, row, into } = this.#present;
    const own = this.bars[profile.kind].rarity(scoreOf(profile));
    const bar = this.ensembles[profile.kind];
    const votes = [{ model: 'baseline', version: 0, surprise: own, agrees: false }, ...trained].map((vote) => ({
      ...vote,
      agrees: (vote.surprise ?? 0) >= bar.need,
    }));
    const score = combineDependent(votes.map(({ surprise }) => surprise ?? 0));
    const spoken = profile.spoken > 0;
    const rarity = bar.rarity(score);
    // What the baselines see nothing in has to be rarer still: words for it are few.
    const need = own < BASELINE_LEAST ? bar.need + RARER_LEAST : bar.need;
    if (!spoken && score >= bar.score && rarity >= need) {
      profile.spoken = rarity;
      if (!this.#isTold(hostOf(profile, batch), profile.hour, rarity)) {
        into.push(this.#describe(profile, { batch, row, rarity, votes }));
      }
    } else if (!spoken) bar.add(score);
  }

  /** Whether this host was spoken of within the hour, by whatever entity: one story is told once. */
  #isTold(agentId: string, hour: number, rarity: number): boolean {
    const told = this.#spokenOf.get(agentId);
    if (told && hour - told.hour <= 1 && rarity < told.rarity + RARER_LEAST) return true;
    this.#spokenOf.set(agentId, { hour, rarity });
    return false;
  }

  #describe(
    profile: Profile,
    at: { batch: Observations; row: number; rarity: number; votes: readonly ModelVote[] },
  ): Detection {
    const { agentId, agentName, streamId, sequence, indexes, atUs: times } = at.batch;
    const atUs = times[at.row]!;
    const entity = nameOf(profile, (id) => (id === agentId ? agentName : (this.options.agentName?.(id) ?? '')));
    const { need } = this.bars[profile.kind];
    const { votes } = at;
    const { groups, calibration } = this;
    const { items: fresh } = profile;
    const said = buildReason({
      profile,
      entity,
      atUs,
      fresh,
      groups,
      calibration,
      score: at.rarity,
      threshold: need,
      votes,
      sequence: this.#saySequence(profile, entity),
    });
    const event = { agentId, streamId, sequence, index: indexes[at.row]! };
    return speak(profile, said, { agentId, agentName, atUs, event });
  }

  #saySequence(profile: Profile, entity: string) {
    const rarest = this.sequences.rarestOf(profile);
    if (!rarest) return undefined;
    const { piece, surprise } = rarest;
    const unexpected = this.options.sequences?.()?.scorer.leastExpected(piece.family, piece.tokens);
    return unexpected && describeSequence({ piece, unexpected, surprise, entity, words: this.sequences.words });
  }
}

/** Where an entity is: a user and a program are where they were seen last. */
function hostOf({ kind, name }: Profile, { agentId }: Observations): string {
  if (kind === 'host') return name;
  return kind === 'account' ? name.slice(name.lastIndexOf('@') + 1) : agentId;
}
