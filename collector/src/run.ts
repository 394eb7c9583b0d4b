// A collector, put together: each part after everything it uses, stopped in reverse.
import { join } from 'node:path';
import { SignedTreeHead, TREE_HEAD_SUBJECT } from '@threatguard/proto';
import type { Logger } from 'pino';
import packageFile from '../package.json' with { type: 'json' };
import { consoleHandlers } from './api/console-service.ts';
import { cryptoHandlers } from './api/crypto.ts';
import { enrolmentHandlers } from './api/enrolment-service.ts';
import { evidenceHandlers } from './api/evidence.ts';
import { RateMeter } from './api/rate-meter.ts';
import { type CollectorConfig, parseListen, retentionDays } from './config.ts';
import { Correlator } from './correlate/correlator.ts';
import { agentSilent, clockOff, cryptoWeaker } from './detect/health.ts';
import { replayWindows } from './detect/replay-windows.ts';
import { RuleEngine } from './detect/rules/rule-engine.ts';
import { TreeKeeper } from './evidence/tree-keeper.ts';
import { Attendance } from './fleet/attendance.ts';
import { chooseCrypto } from './fleet/chosen-crypto.ts';
import { loadCollectorIdentity } from './fleet/collector-identity.ts';
import { Fleet } from './fleet/fleet.ts';
import { homePaths } from './fleet/home.ts';
import { KemKeys } from './fleet/kem-keys.ts';
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
import { StoreError } from './store/store.ts';
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
  const kemKeys = await KemKeys.load(paths.kemDirectory, identity);

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
  await store.recordKeys(kemKeys.held(), nowUs());
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
    await Shards.start({ ruleFiles, kemKeys: kemKeys.privateKeys(), timed, crypto }, config.shards),
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
          kemKey: kemKeys.announced,
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
          heard: (agentId, heartbeat) => attendance.heard(agentId, heartbeat),
          closed: (agentId) => attendance.closed(agentId),
          failed,
        }),
      },
      enrolment: enrolmentHandlers({
        fleet: { store, fleet, authority, kemKeys },
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
          kemKeys,
          handshakes,
          rate,
          consoleNatsUrl: config.nats.console_url,
          nowMs,
        },
        agents: { store, fleet, presence, kemEpoch: kemKeys.epoch, caSha256: authority.fingerprint, nowUs },
        actor: (address) => ({ kind: 'console', id: peers.at(address)?.identity?.id ?? '', from: address }),
        feed,
        failed,
      }),
      crypto: cryptoHandlers({ store, fleet, presence, nowUs, failed }),
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
        actor: (address) => ({ kind: 'console', id: peers.at(address)?.identity?.id ?? '', from: address }),
        failed,
      }),
    }),
  );

  // First of all when stopping, while there is still a connection to say it on.
  stack.defer(() => sessions.endAll('the collector is stopping; connect again'));

  const running = stack.move();
  return {
    address: server.address,
    caSha256: authority.fingerprint,
    stages: () => (clock ? [clock.report('main'), ...shards.stages()] : []),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
