// Feeds of indicators for tests, and what was understood of them.
import type { Indicator } from '../../collector/src/detect/intel/indicator.ts';
import { type FeedOptions, readFeed } from '../../collector/src/detect/intel/read-feed.ts';

const bytesOf = (text: string | Uint8Array) => (typeof text === 'string' ? Buffer.from(text) : text);

/** Every indicator, whole. */
export function saying(text: string | Uint8Array, options: FeedOptions = {}): Indicator[] {
  const found: Indicator[] = [];
  readFeed(bytesOf(text), options, (indicator) => found.push(indicator));
  return found;
}

/** Every indicator as "kind value side", `+` for the names below it, and how often what was refused. */
export function intelOf(text: string | Uint8Array, options: FeedOptions = {}) {
  const values: string[] = [];
  const { format, refusals } = readFeed(bytesOf(text), options, ({ kind, value, side, subdomains }) =>
    values.push([kind, value, ...(subdomains ? ['+'] : []), ...(side === 'any' ? [] : [side])].join(' ')),
  );
  return { format, values, refusals: Object.fromEntries(refusals.map(({ reason, count }) => [reason, count])) };
}

/** A bundle of one indicator and whatever stands beside it. */
export function stixBundle(pattern: string, { indicator = {}, more = [] as object[] } = {}): string {
  const about = { type: 'indicator', spec_version: '2.1', id: 'indicator--1', pattern_type: 'stix', pattern };
  return JSON.stringify({ type: 'bundle', id: 'bundle--1', objects: [{ ...about, ...indicator }, ...more] });
}
