// Many real uplinks and one collector that restarts under them: TLS, gRPC, hello and welcome as in production.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envelopeIdentity } from '@threatguard/proto';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { readIdentity } from '../../agent/src/identity/identity-files.ts';
import { openEpochs } from '../../agent/src/sealing-epochs.ts';
import { Spool } from '../../agent/src/spool/spool.ts';
import { Uplink } from '../../agent/src/uplink/uplink.ts';
import { FakeCollector } from '../support/fake-collector.ts';
import { until } from '../support/until.ts';

const AGENTS = 60;
const BACK_MS_MAX = 40_000;

test(`${AGENTS} agents whose collector restarts come back one after the other, all of them`, async () => {
  await using stack = new AsyncDisposableStack();
  const collector = stack.use(await FakeCollector.start());
  const directory = mkdtempSync(join(tmpdir(), 'tg-fleet-'));
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const home = join(directory, 'agent');
  const { address, token } = collector;
  await enrol({ home, collector: address, token, name: 'h', machineId: 'm', force: false });
  const identity = readIdentity(home);
  const signer = envelopeIdentity(identity.agentId, identity);
  const owner = signer.signingKeyId;
  const nowUs = () => Date.now() * 1000;
  const uplinks = Array.from({ length: AGENTS }, (_, index) => {
    const place = { directory: join(directory, `spool-${index}`), bytesMax: 1 << 26, bootId: Buffer.alloc(16, 1) };
    const spool = stack.use(Spool.open({ ...place, owner, nowUs, lose: () => undefined }));
    const trust = { kemKey: identity.kemKey, anchors: () => identity.anchors, signer: () => signer };
    const { resealing, confirmation } = openEpochs({ home, ...place, ...trust, spool, nowUs });
    return stack.use(
      Uplink.start({
        collector: address,
        identity: identity.pem,
        spool,
        hello: () => ({ hostName: `h${index}`, sentAtUs: nowUs() }),
        heartbeat: () => ({}),
        onKemKey: () => undefined,
        resealing,
        confirmation,
        log: pino({ level: 'silent' }),
        random: Math.random,
      }),
    );
  });
  const connected = () => uplinks.filter((uplink) => uplink.connected).length;
  const all = { limitMs: BACK_MS_MAX, what: () => `all to be connected, ${connected()} are` };
  await until(() => connected() === AGENTS, all);
  collector.hellos.length = 0;
  collector.stop();
  await until(() => connected() === 0, { limitMs: 10_000, what: 'all to notice' });
  const sinceMs = performance.now();
  await collector.listen();
  await until(() => performance.now() - sinceMs > 1_000 || connected() === AGENTS, all);
  // A quarter of them in one second of four; half would be chance once in 20,000 restarts.
  expect(connected()).toBeLessThan(AGENTS / 2);
  await until(() => connected() === AGENTS, all);
  expect(new Set(collector.hellos.map(({ hostName }) => hostName)).size).toBe(AGENTS);
});
