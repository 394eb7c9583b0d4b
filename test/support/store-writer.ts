// A process that commits to an embedded store until it is killed, and prints what was acknowledged, one line each.
// Arguments: directory, agent id, stream id in hex, first sequence.
import { writeSync } from 'node:fs';
import { openStore } from '../../collector/src/store/open.ts';
import { group, makeAlert, makeBatch, realisticEvents } from './stores.ts';

const [directory, agentId, streamId, first] = process.argv.slice(2);
const store = await openStore({ directory: directory! });
for (let sequence = Number(first); ; sequence++) {
  const batch = makeBatch({
    agentId: agentId!,
    streamId: Buffer.from(streamId!, 'hex'),
    sequence,
    events: realisticEvents(40, 1_790_000_000_000_000 + sequence * 1_000_000),
    alerts: [makeAlert({ id: `alert${sequence}` })],
  });
  await store.commit(group({ batches: [batch] }));
  writeSync(1, `${sequence}\n`);
}
