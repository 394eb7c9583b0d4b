// Bundles of every format version that was released, kept byte for byte: what was proven once stays provable.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyBytesOf } from '../support/evidence.ts';

const ROOT = join(import.meta.dirname, '..', 'fixtures', 'evidence');
const read = (version: string, name: string) => readFileSync(join(ROOT, version, name));

describe.each(readdirSync(ROOT))('a bundle of format %s', (version) => {
  const { caSha256, head, alert } = JSON.parse(read(version, 'about.json').toString()) as Record<string, string>;
  const options = { caSha256: [caSha256!], heads: [{ digest: head! }] };

  it('of an agent is still proven, and held against the head that was kept then', async () => {
    expect(await verifyBytesOf(read(version, 'agent.tgev'), options)).toMatchObject({
      proven: true,
      headsHeld: [expect.any(Number)],
      agents: [{ name: 'web-1', envelopes: 2, events: 23, losses: [{ reason: 'kernel_overrun', count: 7 }] }],
    });
  });

  it('of an alert is still proven', async () => {
    const report = await verifyBytesOf(read(version, 'alert.tgev'), options);
    expect(report).toMatchObject({ proven: true, agents: [{ name: 'web-1', envelopes: 1, events: 20 }] });
    expect(report.alert?.alert.title).toBe(alert);
  });

  it('is not proven with a bit turned', async () => {
    const bundle = read(version, 'agent.tgev');
    bundle[bundle.length - 2000]! ^= 4;
    expect((await verifyBytesOf(bundle, options)).proven).toBe(false);
  });
});
