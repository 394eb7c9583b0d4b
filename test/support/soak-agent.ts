// An agent in a process of its own whose clock the parent sets: the line of agent/src/run.ts with the auth sensor on one log.
// Arguments: home, log, and the time to begin with. Messages in: { nowMs }; { events }, answered by { delivered } once so many were
// acknowledged; { measure: true }, answered by Memory.
import { join } from 'node:path';
import { envelopeIdentity } from '@threatguard/proto';
import { pino } from 'pino';
import { Batcher } from '../../agent/src/batch/batcher.ts';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { LossLedger } from '../../agent/src/batch/losses.ts';
import { sealIntoSpool } from '../../agent/src/batch/seal.ts';
import { agentVersion, readBootId, readHostFacts } from '../../agent/src/host-facts.ts';
import { readIdentity } from '../../agent/src/identity/identity-files.ts';
import { openEpochs } from '../../agent/src/sealing-epochs.ts';
import { createAuthSensor } from '../../agent/src/sensors/auth/sensor.ts';
import { Spool } from '../../agent/src/spool/spool.ts';
import { Uplink } from '../../agent/src/uplink/uplink.ts';
import { settledMemory } from './settled-memory.ts';
import { until } from './until.ts';

const SPOOL_BYTES_MAX = 32 * 1024 * 1024;
const DELIVERY_MS_MAX = 20_000;

const [home, log] = process.argv.slice(2) as [string, string];
let nowMs = Number(process.argv[4]);
const nowUs = () => nowMs * 1000;
const identity = readIdentity(home);
const signer = envelopeIdentity(identity.agentId, identity);
const losses = new LossLedger();
const spool = Spool.open({
  directory: join(home, 'spool'),
  bytesMax: SPOOL_BYTES_MAX,
  owner: signer.signingKeyId,
  bootId: readBootId(),
  nowUs,
  lose: (loss) => losses.add(loss),
});
const { kemKey, contentKeys, resealing, confirmation } = openEpochs({
  home,
  directory: join(home, 'spool'),
  kemKey: identity.kemKey,
  anchors: () => identity.anchors,
  signer: () => signer,
  spool,
  nowUs,
});
const checkpoints = new CheckpointLedger(spool.checkpoints);
const sensor = createAuthSensor({
  logs: [log],
  systemLogs: [],
  journal: 'off',
  stateDir: join(home, 'state'),
  checkpoints,
});
const sensors = () => [sensor.health()];
const uplink = Uplink.start({
  collector: identity.collector,
  identity: identity.pem,
  spool,
  hello: () => ({ agentVersion: agentVersion(), ...readHostFacts(), sentAtUs: nowUs(), sensors: sensors() }),
  heartbeat: () => ({ sentAtUs: nowUs(), spooledBytes: spool.pendingBytes, sensors: sensors() }),
  onKemKey: () => undefined,
  resealing,
  confirmation,
  log: pino({ level: 'warn' }, pino.destination(2)),
  random: Math.random,
});
const batcher = new Batcher({
  ageMsMax: 50,
  losses,
  nowUs,
  into: (events) => sealIntoSpool({ identity: signer, kemKey, spool, contentKeys, losses, checkpoints, nowUs }, events),
});
await sensor.start(batcher);

process.on('message', async (message: { nowMs?: number; events?: number; measure?: boolean }) => {
  if (message.measure) {
    process.send!(await settledMemory());
    return;
  }
  if (message.nowMs) {
    nowMs = message.nowMs;
    uplink.sendHeartbeat();
    process.send!({ nowMs });
    return;
  }
  const delivered = () =>
    sensor.health().events! >= message.events! && batcher.queuedEvents === 0 && spool.first === spool.end;
  await until(delivered, {
    limitMs: DELIVERY_MS_MAX,
    what: () => `${message.events} events of ${sensor.health().events}`,
  });
  process.send!({ delivered: sensor.health().events });
});
process.on('disconnect', () => process.exit(0));
// The collector takes the difference of the clocks from the hello: before it is heard, none may go on.
await until(() => uplink.connected, { limitMs: DELIVERY_MS_MAX, what: 'the collector' });
process.send!({ ready: true });
