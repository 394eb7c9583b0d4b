import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileSensor } from '../../agent/src/sensors/file/sensor.ts';
import { RecordingSink } from '../support/recording-sink.ts';

let root: string;
const at = (path: string) => join(root, path);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'threatguard-downtime-'));
  for (const directory of ['etc/cron.d', 'home/bob/.ssh', 'www/a/b']) mkdirSync(at(directory), { recursive: true });
  writeFileSync(at('etc/passwd'), `bob:x:1000:1000::${at('home/bob')}:/bin/sh\n`);
  writeFileSync(at('etc/sudoers'), 'root ALL=(ALL) ALL\n');
  writeFileSync(at('etc/cron.d/job'), 'x\n');
  writeFileSync(at('home/bob/.ssh/authorized_keys'), 'ssh-ed25519 A x\n');
});
afterEach(() => rmSync(root, { recursive: true }));

/** One life of the agent: what it tells, with something done to the files before it ends. */
async function live(options: { etcOnly?: boolean } = {}) {
  const sink = new RecordingSink();
  const tree = (path: string) => ({ path: at(path), depth: 1, root: at(path) });
  const sensor = createFileSensor({
    criticalPaths: [
      { path: at('etc/passwd'), depth: 0, root: at('etc') },
      { path: at('etc/sudoers'), depth: 0, root: at('etc') },
      ...(options.etcOnly ? [] : [tree('etc/cron.d')]),
    ],
    webRoots: options.etcOnly ? [] : [at('www')],
    passwdFile: at('etc/passwd'),
    groupFile: at('etc/group'),
    stateFile: at('state/files.jsonl'),
  });
  await sensor.start(sink);
  await sensor.stop();
  return sink.events;
}

describe('what changed while the agent did not run', () => {
  it('is found at the start and said to be that; a first start tells nothing', async () => {
    expect(await live()).toEqual([]);
    expect(await live()).toEqual([]);
    appendFileSync(at('etc/sudoers'), 'bob ALL=(ALL) ALL\n');
    unlinkSync(at('etc/cron.d/job'));
    writeFileSync(at('home/bob/.ssh/authorized_keys'), 'ssh-ed25519 B y\n');
    writeFileSync(at('www/a/b/shell.php'), '<?php\n');
    const events = await live();
    expect(events.map(({ sensor }) => sensor)).toEqual(Array(4).fill('file.downtime'));
    const changes = events.map(({ activity, file }) => [activity, file?.path]);
    expect(changes).toContainEqual([Activity.FILE_MODIFIED, at('etc/sudoers')]);
    expect(changes).toContainEqual([Activity.FILE_DELETED, at('etc/cron.d/job')]);
    expect(changes).toContainEqual([Activity.FILE_MODIFIED, at('home/bob/.ssh/authorized_keys')]);
    expect(changes).toContainEqual([Activity.FILE_CREATED, at('www/a/b/shell.php')]);
    const sudoers = events.find(({ file }) => file?.path === at('etc/sudoers'))!;
    expect(sudoers.file?.previousSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(sudoers.file?.sha256).not.toBe(sudoers.file?.previousSha256);
    expect(await live()).toEqual([]);
  });

  it('in accounts is told as accounts', async () => {
    await live();
    appendFileSync(at('etc/passwd'), 'evil:x:0:0::/root:/bin/sh\n');
    const accounts = (await live()).filter((event) => event.class === EventClass.ACCOUNT);
    expect(accounts).toMatchObject([{ activity: Activity.USER_CREATED, targetUser: { name: 'evil', id: 0 } }]);
  });

  it('does not include files that were not watched then', async () => {
    await live({ etcOnly: true });
    expect(await live()).toEqual([]);
  });

  it('is kept in a file for root alone; a damaged one makes it a first start', async () => {
    await live();
    expect(statSync(at('state/files.jsonl')).mode & 0o777).toBe(0o600);
    for (const text of ['', '{', '{"version":1,"watched":[]}\n[1', 'null\n']) {
      writeFileSync(at('state/files.jsonl'), text);
      expect(await live()).toEqual([]);
    }
  });
});
