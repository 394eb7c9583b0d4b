import { chmodSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { JournalSource } from '../../agent/src/sensors/auth/journal-source.ts';
import { canWriteJournals, MACHINE_ID, type WrittenEntry, writeJournal } from '../support/journal.ts';

const START_US = 1_795_169_716_000_000;
let directory: string;
let journal: string;
let messages: string[];
let losses: string[];
const running: JournalSource[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-journal-'));
  journal = join(directory, 'journal');
  mkdirSync(journal);
  // The real journalctl, on the files of this test.
  writeFileSync(join(directory, 'journalctl'), `#!/bin/sh\nexec journalctl --directory=${journal} "$@"\n`);
  chmodSync(join(directory, 'journalctl'), 0o700);
  messages = [];
  losses = [];
});
afterEach(async () => {
  for (const source of running.splice(0)) await source.stop();
  rmSync(directory, { recursive: true });
});

function start(command = join(directory, 'journalctl')): JournalSource {
  const source = new JournalSource({
    command,
    machineId: MACHINE_ID,
    cursorFile: join(directory, 'cursor.json'),
    checkpoints: new CheckpointLedger(new Uint8Array()),
    sensor: 'auth.journald',
    onEntry(entry, durable) {
      messages.push(entry.parts.message);
      durable();
    },
    lose: ({ reason }) => losses.push(reason ?? ''),
  });
  running.push(source);
  source.start();
  return source;
}

const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `entry ${from + n}`);
const write = (from: number, to: number, more: Partial<WrittenEntry> = {}, name = 'system') =>
  writeJournal(
    journal,
    name,
    numbered(from, to).map((message, n) => ({ message, timeUs: START_US + (from + n) * 1e6, ...more })),
  );
const seen = (expected: string[]) =>
  vi.waitFor(() => expect(messages).toEqual(expected), { timeout: 10_000, interval: 20 });

/** Reads entry 1 of a journal that holds 0 and 1, and stops. */
async function readOne(): Promise<void> {
  write(0, 1);
  const first = start();
  await vi.waitFor(
    () => {
      if (messages.length === 0) write(1, 2); // journalctl --lines=0 begins where it finds the end
      expect(messages.length).toBeGreaterThan(0);
    },
    { timeout: 10_000, interval: 1500 },
  );
  await first.stop();
  messages = [];
}

describe.skipIf(!canWriteJournals)(
  'real journal files, read by the real journalctl (needs systemd-journal-remote)',
  () => {
    it('goes on after a stop with every entry that came meanwhile, however many', async () => {
      await readOne();
      write(2, 202);
      start();
      await seen(numbered(2, 202));
      expect(losses).toEqual([]);
    });

    it('goes on over a boot: the rest of the last one is read too', async () => {
      await readOne();
      write(2, 5);
      write(5, 7, { boot: 2 }, 'system2');
      start();
      await seen(numbered(2, 7));
      expect(losses).toEqual([]);
    });

    it('goes on over a rotation of the journal', async () => {
      await readOne();
      write(2, 4);
      write(4, 6, {}, 'system@0001');
      start();
      await seen(numbered(2, 6));
      expect(losses).toEqual([]);
    });

    it('counts a gap where the journal was vacuumed beyond the cursor, and goes on with what is left', async () => {
      await readOne();
      write(2, 4, {}, 'newer');
      unlinkSync(join(journal, 'system.journal'));
      start();
      await seen(numbered(2, 4));
      expect(losses).toEqual(['rotation_skipped']);
    });

    it('reads no other machine, and only what concerns logons', async () => {
      await readOne();
      write(2, 3, { machineId: 'f'.repeat(32) }, 'other');
      write(3, 4, { fields: { SYSLOG_FACILITY: '3', SYSLOG_IDENTIFIER: 'ntpd' } });
      write(4, 5, { fields: { SYSLOG_FACILITY: '3', SYSLOG_IDENTIFIER: 'sudo' } });
      write(5, 6);
      start();
      await seen(['entry 4', 'entry 5']);
    });

    it('reads messages that are bytes', async () => {
      await readOne();
      write(2, 3, { message: Buffer.from([0x61, 0xff, 0x62]) });
      start();
      await seen(['a\uFFFDb']);
    });

    it('says that a journal file is corrupt, reads what is not, and counts the gap', async () => {
      await readOne();
      writeFileSync(join(journal, 'system.journal'), Buffer.alloc(100_000, 0x5a));
      const source = start();
      await vi.waitFor(() => expect(source.problem).toMatch(/corrupted/), { timeout: 10_000 });
      write(2, 4, {}, 'newer');
      await seen(numbered(2, 4));
      expect(losses).toEqual(['rotation_skipped']);
    });
  },
);

it('says so where there is no journalctl, and keeps trying', async () => {
  const source = start(join(directory, 'nothing-here'));
  await vi.waitFor(() => expect(source.problem).toMatch(/journalctl ended [2-9] times: .*ENOENT/), { timeout: 10_000 });
});
