import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, Outcome } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { parseJournalEntry } from '../../agent/src/sensors/auth/journal-entry.ts';
import { JournalSource } from '../../agent/src/sensors/auth/journal-source.ts';
import { AuthParser } from '../../agent/src/sensors/auth/parse.ts';
import { createAuthSensor } from '../../agent/src/sensors/auth/sensor.ts';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { RecordingSink } from '../support/recording-sink.ts';

let directory: string;
let log: string;
const sensors: Sensor[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-auth-'));
  log = join(directory, 'auth.log');
});
afterEach(async () => {
  for (const sensor of sensors.splice(0)) await sensor.stop();
  rmSync(directory, { recursive: true });
});

const stamp = () => new Date().toISOString();
const failed = (user: string) => `${stamp()} host sshd[7]: Failed password for ${user} from 192.0.2.1 port 4 ssh2\n`;

async function start(options: { logs?: string[]; systemLogs?: string[]; accountsFromFiles?: boolean } = {}) {
  const sensor = createAuthSensor({
    logs: options.logs ?? [],
    systemLogs: options.systemLogs ?? [log],
    journal: 'off',
    stateDir: join(directory, 'state'),
    checkpoints: new CheckpointLedger(new Uint8Array()),
    accountsFromFiles: options.accountsFromFiles,
  });
  sensors.push(sensor);
  const sink = new RecordingSink();
  await sensor.start(sink);
  return { sensor, sink };
}

describe('the auth sensor', () => {
  it('turns an appended line into an event, and says in its health what it reads', async () => {
    writeFileSync(log, '');
    const { sensor, sink } = await start();
    appendFileSync(log, failed('root'));
    await vi.waitFor(() => expect(sink.events).toHaveLength(1));
    expect(sink.events[0]).toMatchObject({
      activity: Activity.LOGON,
      outcome: Outcome.FAILURE,
      sensor: 'auth.file',
      user: { name: 'root' },
    });
    expect(sensor.health()).toEqual({ sensor: 'auth', source: log, state: 'running', detail: '', events: 1 });
  });

  it('waits for a log that is missing, and is degraded while it has none', async () => {
    const { sensor, sink } = await start();
    expect(sensor.health()).toMatchObject({ state: 'degraded', detail: `waiting for ${log}` });
    appendFileSync(log, failed('root'));
    await vi.waitFor(() => expect(sink.events).toHaveLength(1));
    expect(sensor.health().state).toBe('running');
  });

  it('goes on after a restart with what came meanwhile; what was not durable comes again', async () => {
    writeFileSync(log, '');
    const first = await start();
    appendFileSync(log, failed('a') + failed('b'));
    await vi.waitFor(() => expect(first.sink.events).toHaveLength(2)); // RecordingSink never says "durable"
    await first.sensor.stop();
    appendFileSync(log, failed('c'));
    const second = await start();
    await vi.waitFor(() => expect(second.sink.events.map((event) => event.user?.name)).toEqual(['a', 'b', 'c']));
  });

  it('emits nothing after stop', async () => {
    writeFileSync(log, '');
    const { sensor, sink } = await start();
    await sensor.stop();
    await sensor.stop();
    appendFileSync(log, failed('root'));
    const again = await start();
    await vi.waitFor(() => expect(again.sink.events).toHaveLength(1));
    expect(sink.events).toEqual([]);
    expect(sensor.health().state).toBe('stopped');
  });

  it("leaves accounts to the file sensor where that runs, but not those of another host's log", async () => {
    const other = join(directory, 'other.log');
    writeFileSync(log, '');
    writeFileSync(other, '');
    const { sink } = await start({ logs: [other], accountsFromFiles: true });
    const line = `${stamp()} host useradd[7]: new user: name=NAME, UID=0, GID=0, home=/, shell=/bin/sh\n`;
    appendFileSync(log, line.replace('NAME', 'own') + failed('last'));
    appendFileSync(other, line.replace('NAME', 'foreign'));
    await vi.waitFor(() => expect(sink.events).toHaveLength(2));
    expect(sink.events.map((event) => event.targetUser?.name ?? event.user?.name).sort()).toEqual(['foreign', 'last']);
  });
});

const entry = (fields: Record<string, unknown>) =>
  JSON.stringify({
    __CURSOR: `s=1;i=${fields.n ?? 1}`,
    __REALTIME_TIMESTAMP: '1795258516123456',
    _HOSTNAME: 'web',
    _PID: '41',
    _UID: '0',
    SYSLOG_IDENTIFIER: 'sshd',
    MESSAGE: 'Failed password for root from 192.0.2.1 port 4 ssh2',
    ...fields,
  });

describe('a journal entry', () => {
  const parser = new AuthParser('auth.journald');

  it('reads like the line it would be in a log', () => {
    const { parts, line, trusted } = parseJournalEntry(entry({}))!;
    expect(parser.read(parts, line).event).toMatchObject({
      observedAtUs: 1795258516123456,
      sensor: 'auth.journald',
      user: { name: 'root' },
      process: { pid: 41 },
    });
    expect(parser.parse(line, { nowUs: 1795258516123456 }).event?.user?.name).toBe('root');
    expect(trusted).toBe(true);
  });

  it('may hold its message as bytes, where it is no UTF-8', () => {
    const bytes = [...Buffer.from('Failed password for invalid user \xff from 192.0.2.1 port 4 ssh2', 'latin1')];
    const { parts, line } = parseJournalEntry(entry({ MESSAGE: bytes }))!;
    expect(parser.read(parts, line).event?.user?.name).toBe('\uFFFD');
  });

  it.each([
    ['logger -t sshd, by a user', { _UID: '1000', _EXE: '/usr/bin/logger' }, false],
    ['a script of a user', { _UID: '1000', _EXE: '/usr/bin/python3.11' }, false],
    ['a user program named sshd', { _UID: '1000', _EXE: '/home/x/sshd' }, false],
    ['sudo, which logs under the caller', { _UID: '1000', _EXE: '/usr/bin/sudo', SYSLOG_IDENTIFIER: 'sudo' }, true],
    ['sshd itself', { _UID: '0', _EXE: '/usr/sbin/sshd' }, true],
  ])('from %s: trusted is what journald says of the sender', (_who, fields, trusted) => {
    expect(parseJournalEntry(entry(fields))?.trusted).toBe(trusted);
  });
});

describe('the journal source', () => {
  /** A program in place of journalctl that writes down its arguments and prints what it is told. */
  function journalctl(body: string): string {
    const path = join(directory, 'journalctl');
    writeFileSync(path, `#!/bin/sh\necho "$@" >> ${directory}/args\n${body}\n`);
    chmodSync(path, 0o700);
    return path;
  }
  const args = () => readFileSync(join(directory, 'args'), 'utf8').trim().split('\n');

  it('begins at the end, keeps the cursor of what is durable, and goes on after it', async () => {
    writeFileSync(join(directory, 'entries'), `${entry({ n: 1 })}\n${entry({ n: 2 })}\n`);
    const command = journalctl(`cat ${directory}/entries; exec tail -f /dev/null`);
    const options = {
      command,
      cursorFile: join(directory, 'cursor.json'),
      checkpoints: new CheckpointLedger(new Uint8Array()),
      sensor: 'auth.journald',
      lose: () => {},
    };
    const durables: (() => void)[] = [];
    const source = new JournalSource({ ...options, onEntry: (_entry, durable) => durables.push(durable) });
    source.start();
    await vi.waitFor(() => expect(durables).toHaveLength(2), { timeout: 5000 });
    durables[0]?.();
    await source.stop();
    expect(args()[0]).toContain('--lines=0');
    expect(JSON.parse(readFileSync(options.cursorFile, 'utf8'))).toMatchObject({ cursor: 's=1;i=1' });
    const again = new JournalSource({ ...options, onEntry: (_entry, durable) => durable() });
    again.start();
    await vi.waitFor(() => expect(args()).toHaveLength(2), { timeout: 5000 });
    await again.stop();
    expect(args()[1]).toContain('--cursor=s=1;i=1');
  });

  it('goes on after the cursor in the spool where that is newer than the file', async () => {
    writeFileSync(join(directory, 'entries'), `${entry({ n: 1 })}\n${entry({ n: 2 })}\n`);
    const command = journalctl(`cat ${directory}/entries; exec tail -f /dev/null`);
    const checkpoints = new CheckpointLedger(new Uint8Array());
    const options = { command, cursorFile: join(directory, 'cursor.json'), sensor: 'auth.journald', lose: () => {} };
    const durables: (() => void)[] = [];
    const source = new JournalSource({ ...options, checkpoints, onEntry: (_entry, durable) => durables.push(durable) });
    source.start();
    await vi.waitFor(() => expect(durables).toHaveLength(2), { timeout: 5000 });
    expect(checkpoints.encode()).toHaveLength(0);
    durables[0]?.();
    await source.stop();
    durables[1]?.();
    expect(JSON.parse(readFileSync(options.cursorFile, 'utf8'))).toMatchObject({ cursor: 's=1;i=1' });
    const next = new CheckpointLedger(checkpoints.encode());
    const again = new JournalSource({ ...options, checkpoints: next, onEntry: (_entry, durable) => durable() });
    again.start();
    await vi.waitFor(() => expect(args()).toHaveLength(2), { timeout: 5000 });
    await again.stop();
    expect(args()[1]).toContain('--cursor=s=1;i=2');
  });

  it('starts journalctl again when it ends, and says meanwhile what it said', async () => {
    const command = journalctl('echo "journal is broken" >&2; exit 1');
    const source = new JournalSource({
      command,
      cursorFile: join(directory, 'cursor.json'),
      checkpoints: new CheckpointLedger(new Uint8Array()),
      sensor: 'auth.journald',
      onEntry: () => {},
      lose: () => {},
    });
    source.start();
    await vi.waitFor(() => expect(source.problem).toContain('journal is broken'), { timeout: 5000 });
    await vi.waitFor(() => expect(args().length).toBeGreaterThan(1), { timeout: 5000 });
    await source.stop();
  });

  it('replaces a cursor that the journal no longer has by its time, and counts the gap', async () => {
    const cursorFile = join(directory, 'cursor.json');
    writeFileSync(cursorFile, JSON.stringify({ version: 1, cursor: 's=gone', timeUs: 1_795_258_516_000_000 }));
    const command = journalctl(
      `case "$*" in *--cursor*) exit 1;; esac; echo '${entry({ n: 9 })}'; exec tail -f /dev/null`,
    );
    const losses: string[] = [];
    const cursors: string[] = [];
    const source = new JournalSource({
      command,
      cursorFile,
      checkpoints: new CheckpointLedger(new Uint8Array()),
      sensor: 'auth.journald',
      onEntry: ({ cursor }, durable) => {
        cursors.push(cursor);
        durable();
      },
      lose: ({ reason }) => losses.push(reason ?? ''),
    });
    source.start();
    await vi.waitFor(() => expect(cursors).toEqual(['s=1;i=9']), { timeout: 8000 });
    await source.stop();
    expect(args().at(-1)).toContain('--since=@1795258516');
    expect(losses).toEqual(['rotation_skipped']);
  });
});
