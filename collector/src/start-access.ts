// Who may ask and what is remembered for it, put together: the cache that collectors share, logins, and what is kept beside the
// store so that it is not asked twice.
import type { Logger } from 'pino';
import { Access } from './access/access.ts';
import { readSingleSignOn } from './access/oidc/read-single-sign-on.ts';
import { Cache } from './cache/cache.ts';
import type { CollectorConfig } from './config.ts';
import { Baselines } from './http/analysis/baselines.ts';
import { RecentAlerts } from './http/stream/recent-alerts.ts';
import type { AlertFeed } from './publish/alert-feed.ts';
import type { Store } from './store/store.ts';

export interface RunningAccess extends AsyncDisposable {
  access: Access;
  cache: Cache;
  /** Alerts as they were raised, for streams that were cut. */
  recent: RecentAlerts;
  /** What was usual, of whom questions came lately. */
  baselines: Baselines;
}

/** Resolves when users and logins are known; where a Redis is configured and does not answer, without it. */
export async function startAccess(parts: {
  config: CollectorConfig;
  store: Store;
  fleetName: string;
  /** Where the keys of tokens lie. */
  directory: string;
  feed: AlertFeed;
  nowMs: () => number;
  log: Logger;
  failed: (error: unknown) => void;
}): Promise<RunningAccess> {
  const { config, store, fleetName, directory, feed, nowMs, log, failed } = parts;
  await using stack = new AsyncDisposableStack();
  const cache = stack.use(
    await Cache.open({
      settings: config.redis,
      fleetName,
      nowMs,
      changed: (redis, problem) =>
        problem
          ? log.warn({ redis, reason: problem }, 'Redis does not answer; memory of this process is used')
          : log.info({ redis }, 'Redis answers'),
    }),
  );
  const recent = new RecentAlerts(cache, nowMs);
  feed.observe((alerts) => recent.add(alerts));
  const baselines = new Baselines(cache.layers.baselines, (query) => store.series(query));
  const access = stack.use(
    await Access.load({
      store: store.access,
      cache,
      directory,
      mode: config.http.tokens,
      issuer: `urn:threatguard:${fleetName}`,
      singleSignOn: await readSingleSignOn(config.http),
      nowMs,
      failed,
    }),
  );
  // Not waited for: a provider that does not answer is no reason not to start.
  access.singleSignOn?.provider
    .check()
    .catch((error: Error) => log.warn({ reason: error.message }, 'no single sign-on yet'));
  const whole = stack.move();
  return { access, cache, recent, baselines, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}
