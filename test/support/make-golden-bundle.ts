// Writes the golden bundle of this version into a directory: node test/support/make-golden-bundle.ts DIR. Run once for a
// format version, before it is released; what it wrote is never written again.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTreeHead } from '@threatguard/proto/evidence';
import { TestCollector } from './collector.ts';
import { bruteForce, processEvents } from './envelopes.ts';
import { exportBundle, treeHeads } from './evidence.ts';
import { SealingAgent } from './sealing-agent.ts';
import { until } from './until.ts';

const directory = process.argv[2] ?? '.';
await using collector = await TestCollector.start();
const caSha256 = (await collector.console.status()).caSha256!;
using agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
const losses = [{ sensor: 'process.ebpf', reason: 'kernel_overrun', count: 7, firstAtUs: 5, lastAtUs: 6 }];
await agent.send(processEvents(3), losses);
await exportBundle(collector, { agent: 'web-1', fromUs: 1 });
const { heads } = await treeHeads(collector);
await agent.send(bruteForce('192.0.2.1'));
const alert = await until(async () => (await collector.console.alerts()).alerts?.[0], {
  limitMs: 10_000,
  what: 'alert',
});
writeFileSync(join(directory, 'agent.tgev'), await exportBundle(collector, { agent: 'web-1', fromUs: 1 }));
writeFileSync(join(directory, 'alert.tgev'), await exportBundle(collector, { alertId: alert.id! }));
const head = readTreeHead(heads![0]!.head!)!.digest.toString('hex');
writeFileSync(join(directory, 'about.json'), `${JSON.stringify({ caSha256, head, alert: alert.title }, null, 2)}\n`);
