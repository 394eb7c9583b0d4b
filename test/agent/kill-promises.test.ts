// What kill -9 leaves on the disk, at every moment around a batch: the home is copied there, and an agent started on the copy must
// complete what was spooled to every line exactly once. (`agent-config-and-process` and the system tests kill real processes.)
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { decodePayload, EventClass, type HostEvent, openEnvelope, verifyEnvelope } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Batcher } from '../../agent/src/batch/batcher.ts';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { LossLedger } from '../../agent/src/batch/losses.ts';
import { sealIntoSpool } from '../../agent/src/batch/seal.ts';
import { followFile } from '../../agent/src/sensors/follow/follow-file.ts';
import { ContentKeys } from '../../agent/src/spool/content-keys.ts';
import { decodeRecordHeader, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '../../agent/src/spool/record.ts';
import { Spool } from '../../agent/src/spool/spool.ts';
import { makeEnvelopeKeys } from '../support/envelopes.ts';
import { until } from '../support/until.ts';

const keys = makeEnvelopeKeys();
const nowUs = () => Date.now() * 1000;
let directory: string;
let logs: string[];
let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  directory = mkdtempSync(join(tmpdir(), 'tg-kill-'));
  logs = ['auth.log', 'vpn.log'].map((name) => join(directory, name));
  for (const log of logs) writeFileSync(log, '');
});
afterEach(async () => {
  await stack.disposeAsync();
  rmSync(directory, { recursive: true, force: true });
});

/** What a collector holds: each envelope once, by stream and sequence. */
type Stored = Map<string, string[]>;

/** Adds what stands in the spool, opened as the collector would. */
function store(spool: Spool, stored: Stored): void {
  for (let number = spool.first; number < spool.end; number++) {
    const spooled = spool.read(number)!;
    const { header, ...verified } = verifyEnvelope(spooled.bytes, keys.signer);
    const payload = openEnvelope({ header, ...verified }, keys.kemPrivateKey);
    const lines = decodePayload(payload, header).map(({ original }) => original ?? '');
    stored.set(`${Buffer.from(spooled.streamId).toString('hex')} ${spooled.sequence}`, lines);
  }
}

/** The agent's line from two followed logs to the spool; every line is an event, except those that begin with "#". */
async function startAgent(home: string, around: { before?: () => void; after?: () => void } = {}) {
  const losses = new LossLedger();
  const spool = Spool.open({
    directory: join(home, 'spool'),
    bytesMax: 192 * 1024, // segments of 12 KiB: two envelopes each
    owner: keys.identity.signingKeyId,
    bootId: Buffer.alloc(16, 1),
    nowUs,
    lose: (loss) => losses.add(loss),
  });
  const checkpoints = new CheckpointLedger(spool.checkpoints);
  const contentKeys = ContentKeys.open({ directory: join(home, 'spool'), empty: spool.first === spool.end });
  const parts = { identity: keys.identity, kemKey: () => keys.kemKey, spool, contentKeys, losses, checkpoints, nowUs };
  const batcher = new Batcher({
    ageMsMax: 3_600_000,
    losses,
    nowUs,
    into(events) {
      around.before?.();
      sealIntoSpool(parts, events);
      around.after?.();
    },
  });
  const followers = await Promise.all(
    logs.map((path) =>
      followFile({
        path,
        cursorFile: join(home, 'state', `${basename(path)}.json`),
        checkpoints,
        sensor: 'auth.file',
        onLine: (line, durable) => (line.startsWith('#') ? durable() : batcher.emit(eventOf(line), durable)),
        lose: (loss) => losses.add(loss),
      }),
    ),
  );
  return {
    spool,
    batcher,
    losses,
    /** Leaves the spool open, for what went into it last. */
    async stop() {
      await Promise.all(followers.map((follower) => follower.stop()));
      await batcher[Symbol.asyncDispose]();
    },
  };
}

const eventOf = (line: string): HostEvent => ({
  observedAtUs: nowUs(),
  class: EventClass.FILE,
  sensor: 'auth.file',
  original: line,
});

/** A home as it was in one moment, and what had left it by then. */
interface Moment {
  what: string;
  home: string;
  delivered: Stored;
}

/** Writes, batches, acknowledges and rotates; keeps the home of every moment before and after a batch. */
async function live(): Promise<{ moments: Moment[]; written: string[] }> {
  const home = join(directory, 'home');
  const moments: Moment[] = [];
  const delivered: Stored = new Map();
  const written: string[] = [];
  const keep = (what: string) => {
    const copy = join(directory, `moment-${moments.length}`);
    cpSync(home, copy, { recursive: true });
    moments.push({ what, home: copy, delivered: new Map(delivered) });
  };
  let round = 0;
  const agent = await startAgent(home, {
    before: () => keep(`round ${round}, before the append`),
    after: () => keep(`round ${round}, after the append`),
  });
  stack.use(agent.spool);
  stack.defer(() => agent.stop());
  const write = (log: string, count: number) => {
    const lines = Array.from({ length: count }, (_, index) => `${basename(log)} line ${written.length + index}`);
    written.push(...lines);
    appendFileSync(log, `${lines.join('\n')}\n# nothing of interest\n`);
  };
  for (; round < 12; round++) {
    if (round === 6) renameSync(logs[0]!, `${logs[0]}.1`);
    write(logs[0]!, 3);
    if (round % 2 === 0) write(logs[1]!, 2);
    const expected = round % 2 === 0 ? 5 : 3;
    await until(() => agent.batcher.queuedEvents === expected, { limitMs: 8000, what: `${expected} lines to be read` });
    agent.batcher.flush();
    if (round % 3 !== 2) continue;
    store(agent.spool, delivered);
    agent.spool.acknowledge(agent.spool.position.streamId, agent.spool.position.sequence);
    keep(`round ${round}, everything acknowledged`);
    if (round !== 8) continue;
    agent.spool.beginStream();
    keep(`round ${round}, a new stream begun`);
  }
  return { moments, written };
}

/** Starts an agent on what a kill left and returns every line that is then stored, sorted. */
async function restart(home: string, delivered: Stored, lines: number): Promise<string[]> {
  const stored: Stored = new Map(delivered);
  const agent = await startAgent(home);
  await using _spool = agent.spool;
  const all = () => {
    agent.batcher.flush();
    store(agent.spool, stored);
    return [...stored.values()].flat();
  };
  try {
    await until(() => all().length >= lines, { limitMs: 8000, what: () => `${lines} lines, not ${all().length}` });
  } finally {
    await agent.stop();
  }
  return all().sort();
}

describe('after kill -9', () => {
  test('before and after each append, around acknowledgements, rotations and new streams: every line once', async () => {
    const { moments, written } = await live();
    expect(moments.length).toBe(24 + 4 + 1);
    for (const { what, home, delivered } of moments) {
      expect({ what, lines: await restart(home, delivered, written.length) }).toEqual({
        what,
        lines: written.toSorted(),
      });
    }
  });

  test.each([
    ['at its last byte', () => 1],
    ['within the checkpoints', (last: LastRecord) => last.checkpoints / 2],
    ['between envelope and checkpoints', (last: LastRecord) => last.checkpoints],
    ['within the envelope', (last: LastRecord) => last.checkpoints + 100],
    ['before its first byte, a new segment perhaps begun', (last: LastRecord) => last.bytes],
  ])(
    'in the middle of the append, torn %s: the record goes whole and its lines are read again',
    async (_where, cut) => {
      const { moments, written } = await live();
      for (const { what, home, delivered } of moments.filter((moment) => moment.what.endsWith('after the append'))) {
        const spool = join(home, 'spool');
        const newest = join(spool, readdirSync(spool).sort().at(-1)!);
        truncateSync(newest, statSync(newest).size - Math.trunc(cut(lastRecord(newest))));
        expect({ what, lines: await restart(home, delivered, written.length) }).toEqual({
          what,
          lines: written.toSorted(),
        });
      }
    },
  );
});

interface LastRecord {
  bytes: number;
  checkpoints: number;
}

function lastRecord(segment: string): LastRecord {
  const bytes = readFileSync(segment);
  const last = { bytes: 0, checkpoints: 0 };
  let offset = SEGMENT_HEADER_BYTES;
  for (let header = decodeRecordHeader(bytes, offset); header; header = decodeRecordHeader(bytes, offset)) {
    last.checkpoints = header.checkpointBytes;
    last.bytes = RECORD_HEADER_BYTES + header.length + header.checkpointBytes;
    offset += last.bytes;
  }
  return last;
}
