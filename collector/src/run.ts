// A collector, put together: each part after everything it uses, stopped in reverse.
import { hostname } from 'node:os';
import { SignedTreeHead, TREE_HEAD_SUBJECT } from '@threatguard/proto';
import type { Logger } from 'pino';
import packageFile from '../package.json' with { type: 'json' };
import { agentReports } from './agent-reports.ts';
import { RateMeter } from './api/rate-meter.ts';
import { AccessLog } from './compliance/access-log.ts';
import type { CollectorConfig } from './config.ts';
import { dutiesOf } from './duties.ts';
import { TreeKeeper } from './evidence/tree-keeper.ts';
import { Attendance } from './fleet/attendance.ts';
import { CertificateAuthorities } from './fleet/authorities.ts';
import { chooseCrypto } from './fleet/chosen-crypto.ts';
import { CollectorIdentity } from './fleet/collector-identity.ts';
import { findEpochs, startEpochs } from './fleet/epochs/start-epochs.ts';
import { UnconfirmedWatch } from './fleet/epochs/unconfirmed-watch.ts';
import { Fleet } from './fleet/fleet.ts';
import { homePaths } from './fleet/home.ts';
import { Presence } from './fleet/presence.ts';
import { SessionRegister } from './fleet/session-register.ts';
import { followOthers, openChanges } from './follow-others.ts';
import type { RunningHttp } from './http/start-http.ts';
import { HuntSchedule } from './hunt/hunt-schedule.ts';
import { HandshakeCounts } from './ingest/handshake.ts';
import { Sessions } from './ingest/sessions.ts';
import type { Pipeline } from './pipeline.ts';
import { startPublishing } from './publish/start-publishing.ts';
import { StageClock, type StageReport } from './stage-clock.ts';
import { startAccess } from './start-access.ts';
import { startDetection } from './start-detection.ts';
import { startGrpc } from './start-grpc.ts';
import { startIntel } from './start-intel.ts';
import { startStore } from './start-store.ts';
import { StoreError } from './store/store-error.ts';
import { ActsOfOthers } from './triage/acts-of-others.ts';
import { TriageDesk } from './triage/triage-desk.ts';

export interface Collector extends AsyncDisposable {
  /** Where it listens, HOST:PORT. */
  readonly address: string;
  /** Of the HTTP service, `http://HOST:PORT`; undefined where it does not listen. */
  readonly httpUrl: string | undefined;
  /** SHA-256 of the CA's SubjectPublicKeyInfo, hex. */
  readonly caSha256: string;
  /** Reads the rules again. Resolves when every thread runs them; what goes wrong is logged. */
  reloadRules(): Promise<void>;
  /** By thread, the main thread first; empty where it does not measure. */
  stages(): StageReport[];
}

/** Starts a collector on an initialised state directory. It serves when this resolves, until it is disposed. */
export async function startCollector(parts: {
  home: string;
  config: CollectorConfig;
  log: Logger;
  /** Milliseconds since the Unix epoch. */
  nowMs?: () => number;
  /** Whether it measures where the time goes, for benches. */
  timed?: boolean;
}): Promise<Collector> {
  const { config, log, nowMs = Date.now, timed = false } = parts;
  const clock = timed ? new StageClock() : undefined;
  const nowUs = () => nowMs() * 1000;
  const startedAtUs = nowUs();
  const paths = homePaths(parts.home);
  const failed = (error: unknown) => {
    if (error instanceof StoreError) log.warn({ code: error.code, reason: error.message }, 'not stored');
    else log.error({ err: error }, 'failed');
  };
  await using stack = new AsyncDisposableStack();

  const authorities = await CertificateAuthorities.load(paths.caDirectory);
  const crypto = await chooseCrypto(authorities.newest, config.crypto);
  const identity = await CollectorIdentity.load({
    keyFile: paths.tlsKey,
    certificateFile: paths.tlsCertificate,
    authorities,
    nowMs: nowMs(),
  });

  const { store, retention } = stack.use(await startStore({ config, directory: paths.storeDirectory, nowUs, log }));
  const directory = paths.kemDirectory;
  const found = await findEpochs({ directory, store: store.epochs, signer: () => identity, nowUs: nowUs() });
  const duties = dutiesOf(store, failed);
  const publishing = stack.use(await startPublishing({ config, store, identity, duties, nowMs, log, failed }));
  const { feed } = publishing;

  const changes = await openChanges({ store, publishing, failed });
  if (changes) stack.use(changes);
  const fleet = await Fleet.load(store);
  const presence = new Presence();
  const rate = new RateMeter(nowMs());
  const service = await loadHttp(config);
  const agentName = (id: string) => fleet.agent(id)?.name ?? '';
  const detecting = stack.use(
    await startDetection({
      config,
      store,
      fleet,
      publishing,
      duties,
      kemKeys: found.keys,
      crypto,
      modelsDirectory: paths.modelsDirectory,
      signer: () => identity,
      agentName,
      stored: (events) => rate.add(events, nowMs()),
      watch: service?.metrics,
      clock,
      nowUs,
      log,
      failed,
    }),
  );
  const { pipeline, shards, rules, correlator, judge, writer, triage, behaviour } = detecting;
  const silenceUsMax = config.agents.silent_after_seconds * 1_000_000;
  const reports = agentReports({
    agentName,
    silenceUsMax,
    nowUs,
    report: (detection) => void pipeline.report([detection]).catch(failed),
  });

  const report = (found: Parameters<Pipeline['report']>[0]) => pipeline.report(found);
  const intel = stack.use(
    await startIntel({ config: config.intel, store, shards, report, duties, nowUs, log, failed }),
  );

  const sessions = new Sessions();
  const fleetName = config.fleet.name ?? hostname();
  const kem = stack.use(
    startEpochs(found, {
      directory,
      store: store.epochs,
      fleet,
      fleetName,
      live: () => sessions.all(),
      useKeys: (keys) => shards.useKeys(keys),
      contradicted: ({ agentId, ...facts }) => reports.epochContradicted(agentId, facts),
      nowUs,
      failed,
    }),
  );
  stack.use(new UnconfirmedWatch({ ...kem, nowUs, unconfirmed: ({ id }, told) => reports.epochUnconfirmed(id, told) }));
  const attendance = stack.use(
    new Attendance({
      fleet,
      presence,
      silentAfterUs: silenceUsMax,
      nowUs,
      silent: ({ id }, lastSeenAtUs) => reports.silent(id, lastSeenAtUs),
      duties,
      clockOff: reports.clockOff,
      failed,
    }),
  );

  const register = new SessionRegister({ store, weaker: reports.cryptoWeaker });
  const keeper = stack.use(
    TreeKeeper.start({
      evidence: store.evidence,
      signer: () => identity,
      duties,
      nowUs,
      signed: ({ number, treeSize, digest }, signed) => {
        log.info({ number, treeSize, sha256: digest.toString('hex') }, 'tree head signed');
        publishing.announce(TREE_HEAD_SUBJECT, SignedTreeHead.encode(signed).finish());
      },
      failed,
    }),
  );

  const accesses = stack.use(new AccessLog({ store: store.compliance, nowUs, failed }));
  stack.use(new HuntSchedule({ store, report, duties, nowUs, failed }));

  const acts = new ActsOfOthers({ store, desk: () => desk, scoring: triage });
  const desk = new TriageDesk({
    store,
    correlator,
    apply: async (change) => {
      const decide = () => pipeline.decide(change);
      await (changes ? acts.storing(change.acts, decide) : decide());
      triage.decided(change.acts);
    },
    claims: changes && store.shared,
    nowUs,
  });

  const handshakes = new HandshakeCounts();
  const status = {
    version: packageFile.version,
    startedAtUs,
    store,
    retention,
    writer,
    publishState: () => publishing.state(),
    forwards: () => publishing.forwards(),
    rules: rules.engine,
    correlator,
    behaviour: behaviour?.keeper.behaviour,
    judge,
    fleet,
    presence,
    authorities,
    identity,
    handshakes,
    rate,
    demo: config.demo,
    // Who read alerts from NATS could go on after his login was ended.
    consoleNatsUrl: config.console.access === 'user' ? undefined : config.nats.console_url,
  };
  const asking = { config, store, fleetName, directory: paths.accessDirectory, feed, nowMs, log, failed };
  const { access, cache, recent, baselines } = stack.use(await startAccess(asking));
  let http: RunningHttp | undefined;
  const grpc = stack.use(
    await startGrpc({
      config,
      store,
      fleet,
      fleetName,
      authorities,
      identity,
      kem,
      sessions,
      attendance,
      register,
      handshakes,
      shards,
      pipeline,
      desk,
      reports,
      agentName,
      status,
      access,
      rules,
      intel,
      keeper,
      models: behaviour,
      triage,
      feed,
      accesses,
      forgetPerson: (user) => baselines.forget(user),
      changed: () => void changes?.look(),
      renewed: () => http?.certificateChanged(),
      nowMs,
      log,
      failed,
    }),
  );
  // Declared above: a certificate may be renewed while this one starts.
  http = await service?.start({
    config: config.http,
    status: { ...status, epochs: kem.epochs, nowMs },
    kem,
    intel,
    shards,
    feed: publishing.fleetFeed(),
    access,
    accesses,
    cache,
    baselines,
    recent,
    metrics: service.metrics,
    models: behaviour,
    report,
    ownTls: grpc.ownTls,
    log,
    failed,
  });
  if (http) stack.use(http);

  if (changes) {
    const { budget_per_day: budgetConfigured } = config.alerts;
    const followers = { fleet, rules, judge, correlator, pipeline, models: behaviour, intel, acts, budgetConfigured };
    stack.use(followOthers(changes, { ...followers, store, publishing, nowUs, failed }));
  }

  // First of all when stopping, while there is still a connection to say it on.
  stack.defer(() => sessions.endAll('the collector is stopping; connect again'));

  const whole = stack.move();
  return {
    address: grpc.address,
    get httpUrl() {
      return http?.url;
    },
    caSha256: authorities.newest.fingerprint,
    reloadRules: () => rules.reload(),
    stages: () => (clock ? [clock.report('main'), ...shards.stages()] : []),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** The HTTP service with its libraries, a third of all a collector has: loaded only where it is wanted. */
async function loadHttp({ http }: CollectorConfig) {
  if (http.listen === 'off') return undefined;
  const [{ CollectorMetrics }, { startHttp }] = await Promise.all([
    import('./http/metrics/collector-metrics.ts'),
    import('./http/start-http.ts'),
  ]);
  return { metrics: new CollectorMetrics(), start: startHttp };
}
