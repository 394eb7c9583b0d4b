// A collector, put together: each part after everything it uses, stopped in reverse.
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SignedTreeHead, TREE_HEAD_SUBJECT } from '@threatguard/proto';
import type { Logger } from 'pino';
import packageFile from '../package.json' with { type: 'json' };
import { consoleHandlers } from './api/console-service.ts';
import { cryptoHandlers } from './api/crypto.ts';
import { enrolmentHandlers } from './api/enrolment-service.ts';
import { evidenceHandlers } from './api/evidence.ts';
import { keysHandlers } from './api/keys.ts';
import { RateMeter } from './api/rate-meter.ts';
import { type CollectorConfig, parseListen, retentionDays } from './config.ts';
import { Correlator } from './correlate/correlator.ts';
import { agentSilent, clockOff, cryptoWeaker, epochContradicted, epochUnconfirmed } from './detect/health.ts';
import { replayWindows } from './detect/replay-windows.ts';
import { RuleEngine } from './detect/rules/rule-engine.ts';
import { TreeKeeper } from './evidence/tree-keeper.ts';
import { Attendance } from './fleet/attendance.ts';
import { chooseCrypto } from './fleet/chosen-crypto.ts';
import { loadCollectorIdentity } from './fleet/collector-identity.ts';
import { findEpochs, startEpochs } from './fleet/epochs/start-epochs.ts';
import { UnconfirmedWatch } from './fleet/epochs/unconfirmed-watch.ts';
import { Fleet } from './fleet/fleet.ts';
import { homePaths } from './fleet/home.ts';
import { Presence } from './fleet/presence.ts';
import { SessionRegister } from './fleet/session-register.ts';
import { CollectorServer } from './ingest/collector-server.ts';
import { cutOffRevoked } from './ingest/cut-off.ts';
import { HandshakeCounts } from './ingest/handshake.ts';
import { Peers, provenSession } from './ingest/peers.ts';
import { Sessions } from './ingest/sessions.ts';
import { serveTelemetry } from './ingest/telemetry-service.ts';
import { loadAuthority } from './init.ts';
import { Pipeline } from './pipeline.ts';
import { AlertFeed } from './publish/alert-feed.ts';
import { AlertSigner } from './publish/alert-signer.ts';
import { DiscardedOutbox } from './publish/discarded-outbox.ts';
import { OutboxPublisher } from './publish/outbox-publisher.ts';
import { Shards } from './shards/shards.ts';
import { StageClock, type StageReport } from './stage-clock.ts';
import { Maintenance } from './store/maintenance.ts';
import { openStore } from './store/open.ts';
import { type AuditActor, StoreError } from './store/store.ts';
import { Writer } from './store/writer.ts';

const RULES_DIRECTORY = join(import.meta.dirname, '..', 'rules');

export interface Collector extends AsyncDisposable {
  /** Where it listens, HOST:PORT. */
  readonly address: string;
  /** SHA-256 of the CA's SubjectPublicKeyInfo, hex. */
  readonly caSha256: string;
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

  const authority = await loadAuthority(parts.home);
  const crypto = await chooseCrypto(authority, config.crypto);
  const identity = await loadCollectorIdentity({
    keyFile: paths.tlsKey,
    certificateFile: paths.tlsCertificate,
    authority,
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
  const totals = await store.agentTotals();
  const lossyAgents = new Set([...totals].flatMap(([id, { lost }]) => (lost > 0 ? [id] : [])));
  const writer = stack.use(
    new Writer({
      store,
      lossyAgents,
      clock,
      stateChanged: (problem) =>
        problem ? log.warn({ problem }, 'the store does not answer; agents wait') : log.info('the store answers again'),
    }),
  );

  const { engine, files: ruleFiles, problems } = RuleEngine.load(config.rules.directory ?? RULES_DIRECTORY);
  for (const problem of problems) log.warn({ problem }, 'a rule could not be loaded');
  const shards = stack.use(
    await Shards.start({ ruleFiles, kemKeys: found.keys.opening(), timed, crypto }, config.shards),
  );
  const correlator = await Correlator.load(store, nowUs());
  await replayWindows({ engine, store, nowUs: nowUs() });

  const fleet = await Fleet.load(store);
  const presence = new Presence();
  const rate = new RateMeter(nowMs());
  const feed = new AlertFeed(signer);
  const agentName = (id: string) => fleet.agent(id)?.name ?? '';
  const pipeline = new Pipeline({
    shards,
    rules: engine,
    correlator,
    writer,
    feed,
    outbox,
    agentName,
    stored: (events) => rate.add(events, nowMs()),
    nowUs,
    clock,
  });
  const report = (...detections: Parameters<Pipeline['report']>[0]) => void pipeline.report(detections).catch(failed);

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
      contradicted: ({ agentId, epoch, oldestSpooledEpoch }) => {
        const facts = { agentId, agentName: agentName(agentId), atUs: nowUs(), epoch, oldestSpooledEpoch };
        report(epochContradicted(facts));
      },
      nowUs,
      failed,
    }),
  );
  const { epochs } = kem;
  stack.use(
    new UnconfirmedWatch({
      ...kem,
      nowUs,
      unconfirmed: ({ id, name }, told) =>
        report(epochUnconfirmed({ agentId: id, agentName: name, atUs: nowUs(), ...told })),
    }),
  );
  const silenceUsMax = config.agents.silent_after_seconds * 1_000_000;
  const attendance = stack.use(
    new Attendance({
      fleet,
      presence,
      silentAfterUs: silenceUsMax,
      nowUs,
      silent: (agent, lastSeenAtUs) =>
        report(agentSilent({ agentId: agent.id, agentName: agent.name, atUs: nowUs(), lastSeenAtUs, silenceUsMax })),
      clockOff: (agentId, offsetUs) =>
        report(clockOff({ agentId, agentName: agentName(agentId), atUs: nowUs(), offsetUs })),
      failed,
    }),
  );

  const register = new SessionRegister({
    store,
    weaker: (agentId, what) => report(cryptoWeaker({ agentId, agentName: agentName(agentId), atUs: nowUs(), what })),
  });
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

  const peers = new Peers();
  const actor = (address: string): AuditActor => ({
    kind: 'console',
    id: peers.at(address)?.identity?.id ?? '',
    from: address,
  });
  fleet.onRevoked((agentId) => cutOffRevoked(agentId, { peers, sessions }));

  const handshakes = new HandshakeCounts();
  const server = stack.use(
    await CollectorServer.start({
      ...parseListen(config.listen)!,
      certificateChain: identity.certificate.toString() + authority.certificate.toString(),
      privateKey: identity.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      ca: authority.certificate.toString(),
      lookup: (id) => fleet.agent(id),
      refused: (code, address) => {
        handshakes.count(code);
        log.debug({ code, address }, 'connection refused');
      },
      peers,
      oversized: (agentId) => {
        const refusal = { code: 'frame_oversized', message: 'a message beyond the limit of gRPC' } as const;
        pipeline.countRefusal(agentId, refusal).catch(failed);
      },
      telemetry: {
        stream: serveTelemetry({
          peers,
          sessions,
          kemKey: (agentId) => epochs.announcementFor(agentId),
          nowUs,
          agentName,
          positions: (agentId) => store.streamPositions(agentId),
          findDigest: (agentId, streamId, sequence) => store.headerDigest(agentId, streamId, sequence),
          receive: (envelope, sender) => pipeline.receive(envelope, sender),
          refused: (agentId, refusal) => pipeline.countRefusal(agentId, refusal),
          opened: (agent, hello, clockOffsetUs) => {
            attendance.opened(agent, hello, clockOffsetUs);
            const session = provenSession(peers.at(agent.address));
            if (session) register.opened({ ...session, provider: hello.cryptoProvider }, nowUs()).catch(failed);
          },
          heard: (agentId, heartbeat) => {
            attendance.heard(agentId, heartbeat);
            if (heartbeat) kem.agents.heard(agentId, heartbeat);
          },
          confirmed: async (peer, confirmation) => {
            const confirmed = await shards
              .of(peer.id, Number.POSITIVE_INFINITY)
              .verifyConfirmation(peer.id, confirmation, peer);
            kem.agents.confirm(peer.id, confirmed, confirmation);
          },
          closed: (agentId) => attendance.closed(agentId),
          failed,
        }),
      },
      enrolment: enrolmentHandlers({
        fleet: { store, fleet, authority, epochs },
        nowMs,
        enrolled: (agent) => log.info(agent, 'enrolled'),
        failed,
      }),
      console: consoleHandlers({
        status: {
          version: packageFile.version,
          startedAtUs,
          store,
          retention,
          writer,
          publishState: () => outbox.state(),
          rules: engine,
          correlator,
          fleet,
          presence,
          authority,
          identity,
          epochs,
          handshakes,
          rate,
          consoleNatsUrl: config.nats.console_url,
          nowMs,
        },
        agents: {
          store,
          fleet,
          presence,
          sealingEpoch: (agentId) => kem.agents.of(agentId)?.epoch ?? 0,
          caSha256: authority.fingerprint,
          nowUs,
        },
        actor,
        feed,
        failed,
      }),
      crypto: cryptoHandlers({ store, fleet, presence, nowUs, failed }),
      keys: keysHandlers({ ...kem, fleet, presence, fleetName, actor, nowUs, failed }),
      evidence: evidenceHandlers({
        store,
        fleet,
        keeper,
        sources: {
          signer: () => identity,
          trustAnchors: () => ({ certificates: [authority.certificate.raw] }),
          nowUs,
        },
        about: { evidenceDays: retention.evidence, collectorVersion: packageFile.version },
        actor,
        failed,
      }),
    }),
  );

  // First of all when stopping, while there is still a connection to say it on.
  stack.defer(() => sessions.endAll('the collector is stopping; connect again'));

  const whole = stack.move();
  return {
    address: server.address,
    caSha256: authority.fingerprint,
    stages: () => (clock ? [clock.report('main'), ...shards.stages()] : []),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}
