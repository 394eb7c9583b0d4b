// What the tree over evidence costs: a store with envelopes of many agents is recorded in it, and the time and the space are
// set against what committing the same envelopes took.
//
//   npm run bench:evidence -- --agents 2000 --envelopes 20000
import { generateKeyPairSync, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { signTreeHead } from '@threatguard/proto/evidence';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import { makeCa } from '../support/agent-identity.ts';
import { group, makeBatch, realisticEvents, START_US } from '../support/stores.ts';

const { values } = parseArgs({
  options: { agents: { type: 'string', default: '2000' }, envelopes: { type: 'string', default: '20000' } },
});
const agents = Array.from({ length: Number(values.agents) }, () => ({
  agentId: randomUUID(),
  streamId: randomBytes(16),
}));
const envelopes = Number(values.envelopes);
const directory = mkdtempSync(join(tmpdir(), 'threatguard-bench-'));
try {
  const database = openDatabase({ directory });
  await using store = await storeOver(database, START_US);
  const events = realisticEvents(20);
  const GROUP = 100;
  let startedMs = performance.now();
  for (let at = 0; at < envelopes; at += GROUP) {
    const batches = Array.from({ length: Math.min(GROUP, envelopes - at) }, (_, index) => {
      const place = at + index;
      const agent = agents[place % agents.length]!;
      return makeBatch({ ...agent, events, sequence: Math.floor(place / agents.length) + 1 });
    });
    await store.commit(group({ batches }));
  }
  const commitMs = performance.now() - startedMs;
  startedMs = performance.now();
  let longestMs = 0;
  let entries = 0;
  for (let more = true; more; ) {
    const partMs = performance.now();
    const part = await store.evidence.recordEnvelopes(START_US + 10_000_000);
    ({ more } = part);
    entries += part.entries;
    longestMs = Math.max(longestMs, performance.now() - partMs);
  }
  const recordMs = performance.now() - startedMs;
  const { privateKey } = generateKeyPairSync('ml-dsa-65');
  const certificate = new X509Certificate((await makeCa()).pem);
  startedMs = performance.now();
  await store.evidence.addHead(START_US, {
    sign: (head) => signTreeHead(head, { privateKey, certificate }),
    always: true,
  });
  const headMs = performance.now() - startedMs;
  const [size] = await database.query(
    `select sum(pg_total_relation_size(name::regclass))::bigint as bytes
     from unnest(array['tree_nodes', 'tree_entries', 'tree_runs', 'tree_agents', 'tree_streams']) as name`,
  );
  const report = {
    engine: store.engine,
    agents: agents.length,
    envelopes,
    commitUsPerEnvelope: Math.round((commitMs * 1000) / envelopes),
    recordUsPerEnvelope: Math.round((recordMs * 1000) / envelopes),
    longestPartMs: Math.round(longestMs),
    headMs: Math.round(headMs),
    entries,
    bytesPerEntry: Math.round((size?.bytes ?? 0) / entries),
    rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  };
  for (const [name, value] of Object.entries(report)) process.stdout.write(`${name.padEnd(22)}${value}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
