// What became of a feed, entry by entry: what was taken, and what was refused, by name.
import type { Indicator } from './indicator.ts';
import { type NormalisedValue, normalise, type WantedKind } from './normalise.ts';

/** More reasons than the parsers have; a feed's own words may be among them. */
const REASONS_MAX = 64;
const EXAMPLE_CHARS_MAX = 120;
/** Indicators of all sources: twice what the index is measured with, some 120 MiB of memory. */
export const INDICATORS_MAX = 2_000_000;

export interface FeedRefusal {
  reason: string;
  count: number;
  /** The first of them, with where it stands. */
  example: string;
}

export type FeedErrorCode = 'format' | 'mapping' | 'too_large';

/** A feed that cannot be read at all; the message says what was expected. */
export class FeedError extends Error {
  override readonly name = 'FeedError';
  readonly code: FeedErrorCode;

  constructor(code: FeedErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const UNSAID: Omit<Indicator, 'kind' | 'value'> = {
  side: 'any',
  subdomains: false,
  confidence: undefined,
  tlp: undefined,
  sinceUs: undefined,
  untilUs: undefined,
  about: '',
  techniques: [],
  tactics: [],
  revoked: false,
};

/** Given to a parser, which tells it every entry; indicators go on to whoever takes them. */
export class FeedReport {
  /** Told every indicator that was taken, the same value more than once where the feed has it so. */
  readonly #take: (indicator: Indicator) => void;
  readonly #refusals = new Map<string, FeedRefusal>();
  readonly #subdomains: boolean | undefined;
  taken = 0;

  /** `subdomains` goes before what the format says of domains. */
  constructor(take: (indicator: Indicator) => void, options: { subdomains?: boolean | undefined } = {}) {
    this.#take = take;
    this.#subdomains = options.subdomains;
  }

  /** Takes an entry that stands for one value; `where` is for people. */
  value(raw: string, where: string, rest: Partial<Indicator> = {}, wanted?: WantedKind): void {
    this.normalised(normalise(raw, wanted), `${where}: ${raw}`, rest);
  }

  normalised(found: NormalisedValue, where: string, rest: Partial<Indicator> = {}): void {
    if ('refused' in found) {
      this.refuse(found.refused, where);
      return;
    }
    if (this.taken >= INDICATORS_MAX) throw new FeedError('too_large', `more than ${INDICATORS_MAX} indicators`);
    this.taken++;
    const { kind, value, wildcard } = found;
    const subdomains = kind === 'domain' && (wildcard ?? this.#subdomains ?? rest.subdomains ?? false);
    this.#take({ ...UNSAID, ...rest, kind, value, subdomains });
  }

  refuse(reason: string, where: string): void {
    const name = this.#refusals.has(reason) || this.#refusals.size < REASONS_MAX ? reason : 'for other reasons';
    const known = this.#refusals.get(name);
    if (known) known.count++;
    else
      this.#refusals.set(name, { reason: name, count: 1, example: where.slice(0, EXAMPLE_CHARS_MAX).toWellFormed() });
  }

  /** The most frequent first. */
  get refusals(): FeedRefusal[] {
    return [...this.#refusals.values()].sort((a, b) => b.count - a.count);
  }
}
