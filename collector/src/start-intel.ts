// Indicators, put together: the library, the sources that are fetched, and stored events held against what is new.
import type { Detection } from '@threatguard/proto';
import type { Logger } from 'pino';
import type { CollectorConfig } from './config.ts';
import { FeedSchedule, type ScheduledSource } from './detect/intel/feed-schedule.ts';
import { fetchFeed } from './detect/intel/fetch-feed.ts';
import { IntelJobs } from './detect/intel/intel-jobs.ts';
import { IntelLibrary } from './detect/intel/intel-library.ts';
import { RetroMatch } from './detect/intel/retro-match.ts';
import type { Duties } from './duties.ts';
import type { Shards } from './shards/shards.ts';
import { COLLECTOR_ACTOR } from './store/audit.ts';
import type { Store } from './store/store.ts';

export interface IntelParts {
  config: CollectorConfig['intel'];
  store: Store;
  shards: Pick<Shards, 'useIntel'>;
  /** Resolves when they are stored. */
  report: (detections: readonly Detection[]) => Promise<void>;
  /** What one of several collectors of the store does. */
  duties: Duties;
  nowUs: () => number;
  log: Logger;
  failed: (error: unknown) => void;
}

export interface Intel extends AsyncDisposable {
  library: IntelLibrary;
  retro: RetroMatch;
}

/** Resolves when every shard has the indicators that are stored. */
export async function startIntel({
  config,
  store,
  shards,
  report,
  duties,
  nowUs,
  log,
  failed,
}: IntelParts): Promise<Intel> {
  await using stack = new AsyncDisposableStack();
  const records = store.intel;
  const jobs = new IntelJobs();
  const library = await IntelLibrary.load({
    records,
    jobs,
    nowUs,
    retroDays: config.retro_days,
    useIndex: (buffers) => shards.useIntel(buffers),
    retroAdded: () => retro.wake(),
  });
  const index = () => library.index;
  const takeIn = () => library.takeIn();
  const retro = stack.use(new RetroMatch({ records, jobs, store, index, takeIn, report, duties, nowUs, failed }));
  stack.use(
    await FeedSchedule.start({
      library,
      sources: config.sources.map(scheduledSource),
      fetch: fetchFeed,
      duties,
      nowUs,
      by: COLLECTOR_ACTOR,
      imported: (source, counts) => log.info({ source, ...counts }, 'indicators were imported'),
      failing: (source, reason) =>
        log.warn({ source, reason }, 'indicators could not be fetched; the last good ones stand'),
      failed,
    }),
  );
  retro.wake();
  const whole = stack.move();
  return { library, retro, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

function scheduledSource({
  every,
  expires,
  columns,
  ...source
}: CollectorConfig['intel']['sources'][number]): ScheduledSource {
  return { ...source, everySeconds: every, expiresSeconds: expires, mapping: columns };
}
