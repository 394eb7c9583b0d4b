// A collector, put together: each part after everything it uses, stopped in reverse.
import { hostname } from 'node:os';
import { join } from 'node:path';
import { caServerName, keyId, SignedTreeHead, TREE_HEAD_SUBJECT } from '@threatguard/proto';
import type { Logger } from 'pino';
import packageFile from '../package.json' with { type: 'json' };
import { Access } from './access/access.ts';
import { readSingleSignOn } from './access/oidc/read-single-sign-on.ts';
import { agentReports } from './agent-reports.ts';
import { agentServices } from './agent-services.ts';
import { RateMeter } from './api/rate-meter.ts';
import { AccessLog } from './compliance/access-log.ts';
import { type CollectorConfig, parseListen, retentionDays } from './config.ts';
import { consoleServices } from './console-services.ts';
import { Correlator } from './correlate/correlator.ts';
import { startBudget } from './correlate/start-budget.ts';
import { startBehaviour } from './detect/behaviour/start.ts';
import { replayWindows } from './detect/replay-windows.ts';
import { TreeKeeper } from './evidence/tree-keeper.ts';
import { Attendance } from './fleet/attendance.ts';
import { CertificateAuthorities } from './fleet/authorities.ts';
import { CertificateCare } from './fleet/certificate-care.ts';
import { chooseCrypto } from './fleet/chosen-crypto.ts';
import { CloneWatch } from './fleet/clone-watch.ts';
import { CollectorIdentity } from './fleet/collector-identity.ts';
import { ConsolesSeen, consoleRenewal } from './fleet/consoles-seen.ts';
import { findEpochs, startEpochs } from './fleet/epochs/start-epochs.ts';
import { UnconfirmedWatch } from './fleet/epochs/unconfirmed-watch.ts';
import { Fleet } from './fleet/fleet.ts';
import { homePaths } from './fleet/home.ts';
import { Presence } from './fleet/presence.ts';
import { SessionRegister } from './fleet/session-register.ts';
import { CollectorMetrics } from './http/metrics/collector-metrics.ts';
import { startHttp } from './http/start-http.ts';
import { HuntSchedule } from './hunt/hunt-schedule.ts';
import { CollectorServer } from './ingest/collector-server.ts';
import { cutOffRevoked } from './ingest/cut-off.ts';
import { HandshakeCounts } from './ingest/handshake.ts';
import { Peers } from './ingest/peers.ts';
import { Sessions } from './ingest/sessions.ts';
import { startJudge } from './judge/start-judge.ts';
import { LiveRules } from './live-rules.ts';
import { Pipeline } from './pipeline.ts';
import { AlertFeed } from './publish/alert-feed.ts';
import { AlertSigner } from './publish/alert-signer.ts';
import { DiscardedOutbox } from './publish/discarded-outbox.ts';
import { FleetFeed } from './publish/fleet-feed.ts';
import { Forwarding } from './publish/forward/forwarding.ts';
import { OutboxPublisher } from './publish/outbox-publisher.ts';
import { Shards } from './shards/shards.ts';
import { StageClock, type StageReport } from './stage-clock.ts';
import { startIntel } from './start-intel.ts';
import { Maintenance } from './store/maintenance.ts';
import { openStore } from './store/open.ts';
import { StoreError } from './store/store.ts';
import { Writer } from './store/writer.ts';
import { TriageScoring } from './triage/learned/triage-scoring.ts';
import { TriageTrainer } from './triage/learned/triage-trainer.ts';
import { TriageDesk } from './triage/triage-desk.ts';

const RULES_DIRECTORY = join(import.meta.dirname, '..', 'rules');

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

  const store = stack.use(await openStore({ url: config.database.url, directory: paths.storeDirectory }));
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
  const directory = paths.kemDirectory;
  const found = await findEpochs({ directory, store: store.epochs, signer: () => identity, nowUs: nowUs() });
  const signer = new AlertSigner(identity);
  const outbox = config.nats.url
    ? stack.use(OutboxPublisher.start({ store, url: config.nats.url, signer }))
    : new DiscardedOutbox({ store, failed });
  const forwarding = stack.use(
    await Forwarding.start({
      settings: config.forward,
      store: store.forwarding,
      exporter: { version: packageFile.version, observer: hostname() },
      nowMs,
      changed: (target, problem) =>
        problem ? log.warn({ target, problem }, 'nothing is forwarded') : log.info({ target }, 'forwarding goes on'),
      failed,
    }),
  );
  const totals = await store.agentTotals();
  const lossyAgents = new Set([...totals].flatMap(([id, { lost }]) => (lost > 0 ? [id] : [])));
  const correlator = await Correlator.load(store, nowUs());
  const triage = stack.use(
    await TriageScoring.load({ store: store.verdicts, find: (id) => correlator.folder.find(id), failed }),
  );
  const writer = stack.use(
    new Writer({
      store,
      lossyAgents,
      clock,
      triage,
      stateChanged: (problem) =>
        problem ? log.warn({ problem }, 'the store does not answer; agents wait') : log.info('the store answers again'),
    }),
  );

  const rulesDirectory = config.rules.directory ?? RULES_DIRECTORY;
  const rules = stack.use(await LiveRules.open({ directory: rulesDirectory, store, nowUs, log, failed }));
  const { engine, simulations } = rules;
  const shards = stack.use(
    await Shards.start({ rules: rules.forShards, kemKeys: found.keys.opening(), timed, crypto }, config.shards),
  );
  rules.follow(shards);
  const judge = await startJudge({ store, rules: engine, suppress: config.alerts.suppress, nowUs });
  await replayWindows({ engine, store, nowUs: nowUs() });

  const fleet = await Fleet.load(store);
  const presence = new Presence();
  const rate = new RateMeter(nowMs());
  const feed = new AlertFeed(signer);
  const metrics = new CollectorMetrics();
  const agentName = (id: string) => fleet.agent(id)?.name ?? '';
  const behaviour = stack.use(
    await startBehaviour({
      config,
      store,
      directory: paths.modelsDirectory,
      signer: () => identity,
      agentName,
      others: [new TriageTrainer({ store: store.verdicts, use: (model) => triage.use(model) })],
      nowUs,
      log,
      failed,
    }),
  );
  const pipeline = new Pipeline({
    shards,
    rules: engine,
    behaviour: behaviour?.keeper,
    judge,
    simulations,
    correlator,
    writer,
    feed,
    outbox: {
      wake: () => {
        outbox.wake();
        forwarding.wake();
      },
    },
    agentName,
    signers: (agentId) => fleet.signers(agentId),
    stored: (events) => rate.add(events, nowMs()),
    nowUs,
    watch: metrics,
    clock,
  });
  const configured = config.alerts.budget_per_day;
  const budgeted = await startBudget(correlator.budget, { store, configured, nowUs: nowUs() });
  void pipeline.movePile(budgeted).catch(failed);
  const silenceUsMax = config.agents.silent_after_seconds * 1_000_000;
  const reports = agentReports({
    agentName,
    silenceUsMax,
    nowUs,
    report: (detection) => void pipeline.report([detection]).catch(failed),
  });

  const report = (found: Parameters<Pipeline['report']>[0]) => pipeline.report(found);
  const intel = stack.use(await startIntel({ config: config.intel, store, shards, report, nowUs, log, failed }));

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
      clockOff: reports.clockOff,
      failed,
    }),
  );

  const register = new SessionRegister({ store, weaker: reports.cryptoWeaker });
  const keeper = stack.use(
    TreeKeeper.start({
      evidence: store.evidence,
      signer: () => identity,
      nowUs,
      signed: ({ number, treeSize, digest }, signed) => {
        log.info({ number, treeSize, sha256: digest.toString('hex') }, 'tree head signed');
        if ('announce' in outbox) outbox.announce(TREE_HEAD_SUBJECT, SignedTreeHead.encode(signed).finish());
      },
      failed,
    }),
  );

  const accesses = stack.use(new AccessLog({ store: store.compliance, nowUs, failed }));
  stack.use(new HuntSchedule({ store, report, nowUs, failed }));

  const peers = new Peers();
  fleet.onRevoked((agentId) => cutOffRevoked(agentId, { peers, sessions }));

  const clones = new CloneWatch({ nowMs });
  const graceUs = config.agents.expired_grace_days * 24 * 3_600_000_000;
  const consoles = new ConsolesSeen({ store, nowUs, failed });
  const privateKey = identity.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const credentials = () => ({
    privateKey,
    ca: authorities.anchorsPem,
    chains: identity.certificates.map(({ certificate, ca }) => ({
      serverName: caServerName(keyId(ca.publicKey).toString('hex')),
      certificateChain: certificate.toString() + ca.toString(),
    })),
  });

  const loginRequired = config.console.access === 'user';
  const handshakes = new HandshakeCounts();
  const status = {
    version: packageFile.version,
    startedAtUs,
    store,
    retention,
    writer,
    publishState: () => outbox.state(),
    forwards: () => forwarding.states(),
    rules: engine,
    correlator,
    behaviour: behaviour?.keeper.behaviour,
    judge,
    fleet,
    presence,
    authorities,
    identity,
    handshakes,
    rate,
    // Who read alerts from NATS could go on after his login was ended.
    consoleNatsUrl: loginRequired ? undefined : config.nats.console_url,
  };
  const access = await Access.load({
    store: store.access,
    directory: paths.accessDirectory,
    mode: config.http.tokens,
    issuer: `urn:threatguard:${fleetName}`,
    singleSignOn: await readSingleSignOn(config.http),
    nowMs,
    failed,
  });
  const server = stack.use(
    await CollectorServer.start({
      ...parseListen(config.listen)!,
      credentials: credentials(),
      nowMs,
      lookup: (id, keyId) => {
        const agent = fleet.agent(id);
        return agent && { revokedAtUs: agent.revokedAtUs, standing: fleet.standing(id, keyId) };
      },
      refused: (code, address, agentId) => {
        handshakes.count(code);
        log.debug({ code, address }, 'connection refused');
        if (code === 'key_superseded' && agentId) reports.keySuperseded(agentId, address);
      },
      peers,
      accepted: ({ identity: peer }) => {
        if (peer?.kind === 'console') consoles.came(peer);
      },
      users: {
        without: config.console.access,
        identify: (token) => access.identify(token),
        holds: (caller) => access.goesOn(caller),
        roleOf: ({ userId }) => access.users.get(userId)?.role ?? '',
      },
      failed,
      renewal: (console) => consoleRenewal(console, { newestCa: authorities.newest.fingerprint, nowMs: nowMs() }),
      oversized: (agentId) => {
        const refusal = { code: 'frame_oversized', message: 'a message beyond the limit of gRPC' } as const;
        pipeline.countRefusal(agentId, refusal).catch(failed);
      },
      services: [
        ...agentServices({
          store,
          fleet,
          authorities,
          kem,
          peers,
          sessions,
          clones,
          attendance,
          register,
          care: { forget: (agentId) => care.forget(agentId) },
          shards,
          pipeline,
          reports,
          agentName,
          graceUs,
          nowMs,
          log,
          failed,
        }),
        ...consoleServices({
          status,
          rules,
          kem,
          intel,
          keeper,
          models: behaviour,
          triage,
          pipeline,
          feed,
          accesses,
          peers,
          sessions,
          desk: new TriageDesk({
            store,
            correlator,
            apply: async (change) => {
              await pipeline.decide(change);
              triage.decided(change.acts);
            },
            nowUs,
          }),
          care: { renewOwn: () => care.renewOwn(), forget: (agentId) => care.forget(agentId) },
          access,
          loginRequired,
          fleetName,
          graceUs,
          nowMs,
          failed,
        }),
      ],
    }),
  );
  let http: Awaited<ReturnType<typeof startHttp>>;
  const care = stack.use(
    new CertificateCare({
      fleet,
      authorities,
      identity,
      nowUs,
      order: (agentId, certificateOrder) => sessions.of(agentId)?.tell({ certificateOrder }) ?? false,
      connected: () => sessions.agents(),
      renewed: () => {
        log.info({ until: identity.certificate.validTo }, 'the certificate of the collector was renewed');
        server.use(credentials());
        http?.certificateChanged();
      },
      failed,
    }),
  );

  // Declared above: a certificate may be renewed while this one starts.
  http = await startHttp({
    config: config.http,
    status: { ...status, epochs: kem.epochs, nowMs },
    kem,
    intel,
    shards,
    feed: config.nats.url
      ? stack.use(FleetFeed.start({ own: feed, store, url: config.nats.url, nowUs, failed }))
      : feed,
    access,
    accesses,
    metrics,
    report,
    ownTls: () => ({ key: privateKey, cert: credentials().chains[0]!.certificateChain }),
    log,
    failed,
  });
  if (http) stack.use(http);

  // First of all when stopping, while there is still a connection to say it on.
  stack.defer(() => sessions.endAll('the collector is stopping; connect again'));

  const whole = stack.move();
  return {
    address: server.address,
    get httpUrl() {
      return http?.url;
    },
    caSha256: authorities.newest.fingerprint,
    reloadRules: () => rules.reload(),
    stages: () => (clock ? [clock.report('main'), ...shards.stages()] : []),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}
