// The store, put together: opened, kept in shape, written to.
import type { Logger } from 'pino';
import { type CollectorConfig, retentionDays } from './config.ts';
import { Maintenance } from './store/maintenance.ts';
import { openStore } from './store/open.ts';
import type { Retention } from './store/retention.ts';
import type { Store } from './store/store.ts';

export interface KeptStore extends AsyncDisposable {
  store: Store;
  retention: Retention;
}

/** Resolves when it answers and has room for the days to come. */
export async function startStore(parts: {
  config: CollectorConfig;
  directory: string;
  nowUs: () => number;
  log: Logger;
}): Promise<KeptStore> {
  const { config, directory, nowUs, log } = parts;
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openStore({ url: config.database.url, directory }));
  for (const notice of store.notices) log.info({ engine: store.engine }, notice);
  const retention = retentionDays(config);
  stack.use(
    await Maintenance.start({
      store,
      retention,
      nowUs,
      done: (report) => log.info(report, 'the store was kept in shape'),
      indexed: (names) => log.info({ names }, 'days that have passed were indexed'),
      failed: (error) => log.warn({ reason: String(error) }, 'the store could not be kept in shape; tried again'),
    }),
  );
  const whole = stack.move();
  return { store, retention, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}
