// A hunt for what has come to the collector since a time, in the order it came: what `hunt run --follow` asks again and again.
import type { HuntPart, ParsedHunt } from '@threatguard/proto';
import type { Store } from '../store/store.ts';

/** One question goes on no longer; the next one goes on from where it ended. */
const FOLLOW_MS_MAX = 60_000;

/** Whoever asks from the end of the last answer on is answered by what came since. Counting, sorting and limits are the console's. */
export async function* followHunt(run: {
  store: Pick<Store, 'arrivedEvents'>;
  hunt: ParsedHunt;
  arrivedSinceUs: number;
  nowUs: () => number;
  signal: AbortSignal;
}): AsyncIterable<HuntPart> {
  const { store, hunt, arrivedSinceUs, nowUs, signal } = run;
  const endMs = performance.now() + FOLLOW_MS_MAX;
  const startedUs = nowUs();
  // A console whose clock runs ahead begins with now.
  for await (const part of store.arrivedEvents(hunt.where, Math.min(arrivedSinceUs, startedUs), signal)) {
    if (part.events.length > 0) yield { events: part.events };
    if (performance.now() >= endMs) return yield { complete: true, arrivedUntilUs: Math.min(part.untilUs, startedUs) };
  }
  yield { complete: true, arrivedUntilUs: startedUs };
}
