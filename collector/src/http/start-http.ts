// Puts the HTTP service together from the parts of a collector.
import { readFile } from 'node:fs/promises';
import { activeProfile, type Detection } from '@threatguard/proto';
import type { Logger } from 'pino';
import type { Access } from '../access/access.ts';
import type { Cache } from '../cache/cache.ts';
import type { AccessLog } from '../compliance/access-log.ts';
import type { CollectorConfig } from '../config.ts';
import type { RunningModels } from '../detect/behaviour/start.ts';
import type { RunningEpochs } from '../fleet/epochs/start-epochs.ts';
import { isLoopback, parseListen } from '../listen-address.ts';
import type { Shards } from '../shards/shards.ts';
import type { Intel } from '../start-intel.ts';
import { Admission } from './admission.ts';
import type { Baselines } from './analysis/baselines.ts';
import { ModelBehaviour } from './analysis/model-behaviour.ts';
import { makeApp } from './app.ts';
import { HealthBoard } from './health/board.ts';
import { publishProbe, rulesProbe, storeProbe } from './health/probes.ts';
import { describeRedisHealth, redisProbe } from './health/redis-health.ts';
import { HttpService, type TlsMaterial } from './http-service.ts';
import { describeCache } from './metrics/cache-metrics.ts';
import type { CollectorMetrics } from './metrics/collector-metrics.ts';
import { RateLimits } from './rate-limits.ts';
import { adminRoutes } from './routes/admin.ts';
import { analysisRoutes } from './routes/analysis.ts';
import { docsRoutes } from './routes/docs.ts';
import { findingRoutes } from './routes/findings.ts';
import { fleetRoutes } from './routes/fleet.ts';
import { healthRoutes } from './routes/health.ts';
import { intelligenceRoutes } from './routes/intelligence.ts';
import { loginRoutes } from './routes/login.ts';
import { metricsRoute } from './routes/metrics.ts';
import { streamRoutes } from './routes/stream.ts';
import { userRoutes } from './routes/users.ts';
import { SharedRateStore } from './shared-rates.ts';
import type { HttpStatus } from './status.ts';
import { AlertStream, type AlertStreamParts } from './stream/alert-stream.ts';
import type { RecentAlerts } from './stream/recent-alerts.ts';
import { StreamTickets } from './stream/tickets.ts';
import { TraceExporter } from './traces.ts';

export interface HttpParts {
  config: CollectorConfig['http'];
  /** The collector's own certificate, as agents are shown it. */
  ownTls: () => Omit<TlsMaterial, 'ecdhCurve'>;
  status: HttpStatus;
  metrics: CollectorMetrics;
  access: Access;
  accesses: Pick<AccessLog, 'note'>;
  cache: Pick<Cache, 'link' | 'layers'>;
  baselines: Baselines;
  recent: Pick<RecentAlerts, 'since'>;
  intel: Pick<Intel, 'library'>;
  kem: RunningEpochs;
  shards: Pick<Shards, 'try'>;
  /** None where models are switched off. */
  models: Pick<RunningModels, 'keeper'> | undefined;
  /** Alerts for the live stream: of this collector, or of all of its store. */
  feed: AlertStreamParts['feed'];
  /** Keeps detections that no agent sent, and raises alerts of them. */
  report: (detections: readonly Detection[]) => Promise<void>;
  log: Logger;
  failed: (error: unknown) => void;
}

export interface RunningHttp extends AsyncDisposable {
  /** Undefined where it does not listen. */
  readonly url: string | undefined;
  readonly problem: string | undefined;
  readonly board: HealthBoard;
  /** The collector's own certificate is another one. */
  certificateChanged(): void;
}

/** Undefined where it is configured off. */
export async function startHttp(parts: HttpParts): Promise<RunningHttp | undefined> {
  const { config, status, metrics, access, cache, failed } = parts;
  const address = parseListen(config.listen);
  if (!address) return undefined;
  const log = parts.log.child({ part: 'http' });
  await using stack = new AsyncDisposableStack();
  const { store, writer, rules, publishState, nowMs } = status;
  const board = stack.use(
    await HealthBoard.start(
      [storeProbe(store, writer), publishProbe(publishState), redisProbe(cache), rulesProbe(rules)],
      nowMs,
    ),
  );
  const stream = stack.use(new AlertStream({ feed: parts.feed, holds: (caller) => access.holds(caller) }));
  const tickets = new StreamTickets(nowMs);
  metrics.describe({ status, board, streams: () => stream.clients });
  describeCache(metrics, cache);
  const agents = {
    store,
    fleet: status.fleet,
    presence: status.presence,
    sealingEpoch: (agentId: string) => parts.kem.agents.of(agentId)?.epoch ?? 0,
    caSha256: () => status.authorities.newest.fingerprint,
    nowUs: () => nowMs() * 1000,
  };
  const behaviour = new ModelBehaviour({ keeper: parts.models?.keeper, store, fleet: status.fleet });
  const limits = new RateLimits(new SharedRateStore(cache, nowMs));
  const admission = new Admission({
    identify: (token) => access.identify(token),
    redeem: (ticket) => tickets.redeem(ticket),
    limits,
    monitoring: config.monitoring,
  });
  const traces =
    config.traces === undefined
      ? undefined
      : stack.use(new TraceExporter({ url: config.traces, version: status.version, nowMs, log }));
  const tls = await chooseTls(parts, address.host);
  const service = stack.use(
    await HttpService.start({
      ...address,
      tls,
      log,
      leaving: () => {
        board.leave();
        stream[Symbol.dispose]();
      },
      makeApp: async () => {
        const app = await makeApp({
          log,
          version: status.version,
          tls,
          origins: config.origins,
          admit: (request, access) => admission.admit(request, access),
          accesses: parts.accesses,
          answered: (about) => {
            metrics.answered(about);
            traces?.add(about);
          },
          failed,
        });
        healthRoutes(app, { board, status, redis: () => describeRedisHealth(cache) });
        metricsRoute(app, metrics);
        loginRoutes(app, { access, limits, nowMs });
        userRoutes(app, { access, nowMs });
        findingRoutes(app, { store, behaviour, nowMs });
        fleetRoutes(app, { agents, rules });
        analysisRoutes(app, {
          ...{ status, board, fleet: status.fleet, shards: parts.shards, report: parts.report },
          baselines: parts.baselines,
          behaviour,
        });
        intelligenceRoutes(app, {
          library: parts.intel.library,
          layer: cache.layers.indicators,
          nowUs: agents.nowUs,
        });
        streamRoutes(app, { stream, recent: parts.recent, tickets, origins: config.origins, nowMs });
        adminRoutes(app, { access, limits, status, board, agents, secure: tls !== undefined });
        docsRoutes(app);
        return app;
      },
    }),
  );
  const whole = stack.move();
  return {
    board,
    get url() {
      return service.url;
    },
    get problem() {
      return service.problem;
    },
    certificateChanged: () => {
      if (tls && !config.certificate) service.useTls(ownTls(parts));
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** Browsers know no ML-DSA certificates: a certificate of the operator's own may also be spoken to without ML-KEM. */
const GROUPS_FOR_OTHERS = 'X25519MLKEM768:X25519';

async function chooseTls(parts: HttpParts, host: string): Promise<TlsMaterial | undefined> {
  const { config } = parts;
  if (config.certificate !== undefined && config.key !== undefined) {
    const [cert, key] = await Promise.all([readFile(config.certificate, 'utf8'), readFile(config.key, 'utf8')]);
    return { cert, key, ecdhCurve: GROUPS_FOR_OTHERS };
  }
  return config.tls === 'off' || (config.tls === 'auto' && isLoopback(host)) ? undefined : ownTls(parts);
}

/** By the newest CA; the group is the fleet's, as agents are held to it. */
function ownTls(parts: HttpParts): TlsMaterial {
  return { ...parts.ownTls(), ecdhCurve: activeProfile().tlsGroup };
}
