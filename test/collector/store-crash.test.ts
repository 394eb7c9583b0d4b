import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../collector/src/store/open.ts';
import { endChild } from '../support/child-server.ts';
import { emptyPglite } from '../support/pglite.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import { group, makeAlert, makeBatch, realisticEvents } from '../support/stores.ts';
import { until } from '../support/until.ts';

const WRITER = fileURLToPath(new URL('../support/store-writer.ts', import.meta.url));

function startWriter(directory: string, agentId: string, streamId: Buffer, first: number) {
  const args = [WRITER, directory, agentId, streamId.toString('hex'), String(first)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return { child, errors: () => errors, acknowledged: () => output.split('\n').slice(0, -1).map(Number) };
}

test('kill -9 in the middle of commits: the embedded store opens with what was acknowledged, nothing twice', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-crash-'));
  const agentId = randomUUID();
  const streamId = randomBytes(16);
  let first = 1;
  for (let round = 0; round < 3; round++) {
    const writer = startWriter(directory, agentId, streamId, first);
    const wanted = 5 + round * 7;
    await until(() => writer.acknowledged().length >= wanted, { limitMs: 30_000, what: writer.errors });
    const refused = openStore({ directory });
    await expect(refused).rejects.toThrow(`in use by process ${writer.child.pid}; stop it first`);
    await endChild(writer.child, 'SIGKILL');
    const acknowledged = writer.acknowledged().at(-1)!;

    await using store = await openStore({ directory });
    const [position] = await store.streamPositions(agentId);
    // What was in the middle of its commit is there whole or not at all.
    expect(position?.sequence).toBeGreaterThanOrEqual(acknowledged);
    expect(position?.sequence).toBeLessThanOrEqual(acknowledged + 1);
    const seen = new Set<string>();
    for await (const page of store.eventsSince(0)) {
      for (const { reference } of page) seen.add(`${reference?.sequence}:${reference?.index}`);
    }
    const { events, envelopes, outboxWaiting } = await store.totals();
    expect(seen.size).toBe(position!.sequence * 40);
    expect({ events, envelopes, outboxWaiting }).toEqual({
      events: position!.sequence * 40,
      envelopes: position!.sequence,
      outboxWaiting: position!.sequence,
    });
    first = position!.sequence + 1;
  }
  rmSync(directory, { recursive: true, force: true });
});

test.each([
  ['of a process that is gone', '4194304 123'],
  ['of a pid that another process has now', '1 1'],
  ['that says nothing', ''],
])('a lock %s is taken over', async (_, content) => {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-lock-'));
  (await emptyPglite())(directory);
  writeFileSync(join(directory, 'lock'), content);
  const store = await openStore({ directory });
  await expect(openStore({ directory })).rejects.toThrow('in use by this process');
  await store[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

describe.skipIf(!postgresAvailable())('PostgreSQL that goes away (needs postgresql)', () => {
  test('commits say unavailable, then go on where they were, and a commit of unknown outcome is not doubled', async () => {
    await using server = await startPostgres({ flushing: true });
    await using store = await openStore({ url: server.createDatabase(), directory: '' });
    const agentId = randomUUID();
    const batch = makeBatch({ agentId, events: realisticEvents(20), alerts: [makeAlert()] });
    await store.commit(group({ batches: [batch] }));
    await server.stop();
    const later = makeBatch({ agentId, streamId: batch.header.streamId, sequence: 2, events: realisticEvents(20) });
    const lost = store.commit(group({ batches: [later] }));
    await expect(lost).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
    await expect(store.totals()).rejects.toMatchObject({ code: 'unavailable' });
    await server.restart();
    await store.commit(group({ batches: [batch, later] }));
    expect(await store.totals()).toMatchObject({ events: 40, envelopes: 2, outboxWaiting: 1 });
  });

  test('a server that is not there is said by name, without the password', async () => {
    const opened = openStore({ url: 'postgres://user:secret@127.0.0.1:1/threatguard', directory: '' });
    await expect(opened).rejects.toMatchObject({ code: 'unavailable' });
    await expect(opened).rejects.toThrow('PostgreSQL at 127.0.0.1:1/threatguard');
    await expect(opened).rejects.not.toThrow('secret');
  });
});
