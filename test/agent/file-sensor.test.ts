import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFileSensor } from '../../agent/src/sensors/file/sensor.ts';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { may } from '../support/rights.ts';

let root: string;
let sensor: Sensor;
let sink: RecordingSink;
const at = (path: string) => join(root, path);

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nbob:x:1000:1000::HOME:/bin/bash\n';
const GROUP = 'root:x:0:\nsudo:x:27:\nbob:x:1000:\n';

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'threatguard-file-'));
  sink = new RecordingSink();
  mkdirSync(at('etc/sudoers.d'), { recursive: true });
  mkdirSync(at('home/bob'), { recursive: true });
  writeFileSync(at('etc/passwd'), PASSWD.replace('HOME', at('home/bob')));
  writeFileSync(at('etc/group'), GROUP);
  writeFileSync(at('etc/shadow'), 'root:$6$secret:1::::::\n');
  writeFileSync(at('etc/sudoers'), 'root ALL=(ALL) ALL\n');
  sensor = createFileSensor({
    criticalPaths: [
      ...['passwd', 'group', 'shadow', 'sudoers', 'ld.so.preload'].map((name) => ({
        path: at(`etc/${name}`),
        depth: 0,
        root: at('etc'),
      })),
      { path: at('etc/sudoers.d'), depth: 1, root: at('etc/sudoers.d') },
      { path: at('etc/cron.d'), depth: 1, root: at('etc/cron.d') },
      { path: at('etc/systemd/system'), depth: 2, root: at('etc/systemd/system') },
    ],
    passwdFile: at('etc/passwd'),
    groupFile: at('etc/group'),
  });
  await sensor.start(sink);
});
afterEach(async () => {
  await sensor.stop();
  rmSync(root, { recursive: true });
});

const files = () => sink.events.filter((event) => event.class === EventClass.FILE);
const accounts = () => sink.events.filter((event) => event.class === EventClass.ACCOUNT);
const seen = (activity: Activity, path: string) =>
  vi.waitFor(
    () => {
      const event = files().find((each) => each.activity === activity && each.file?.path === at(path));
      expect(event).toBeDefined();
      return event!;
    },
    { timeout: 8000, interval: 5 },
  );
/** What an editor does: a new file, renamed over the old. */
function replace(path: string, text: string): void {
  writeFileSync(at(`${path}.tmp`), text);
  renameSync(at(`${path}.tmp`), at(path));
}

describe('a critical file', () => {
  it('changed: digests before and after, and the lines that came and went', async () => {
    writeFileSync(at('etc/sudoers'), 'root ALL=(ALL) ALL\nbob ALL=(ALL) NOPASSWD: ALL\n');
    const { file, sensor: source } = await seen(Activity.FILE_MODIFIED, 'etc/sudoers');
    expect(source).toBe('file.watch');
    expect(file?.previousSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(file?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(file?.sha256).not.toBe(file?.previousSha256);
    expect(file).toMatchObject({
      addedLines: ['bob ALL=(ALL) NOPASSWD: ALL'],
      removedLines: [],
      ownerId: process.getuid?.(),
    });
  });

  it('replaced by rename is one change, not a deletion and a creation', async () => {
    replace('etc/sudoers', 'root ALL=(ALL) ALL\n# a\n');
    await seen(Activity.FILE_MODIFIED, 'etc/sudoers');
    appendFileSync(at('etc/sudoers'), '# b\n');
    await vi.waitFor(() => expect(files()).toHaveLength(2));
    expect(files().map((event) => event.activity)).toEqual([Activity.FILE_MODIFIED, Activity.FILE_MODIFIED]);
  });

  it('with another mode: attributes', async () => {
    chmodSync(at('etc/sudoers'), 0o4777);
    expect((await seen(Activity.FILE_ATTRIBUTES, 'etc/sudoers')).file?.mode).toBe(0o4777);
  });

  it('only touched is no event', async () => {
    utimesSync(at('etc/sudoers'), 1, 1);
    chmodSync(at('etc/passwd'), 0o600);
    await seen(Activity.FILE_ATTRIBUTES, 'etc/passwd');
    expect(files()).toHaveLength(1);
  });

  it('deleted, and created where there was none, are told', async () => {
    unlinkSync(at('etc/sudoers'));
    await seen(Activity.FILE_DELETED, 'etc/sudoers');
    writeFileSync(at('etc/ld.so.preload'), '/tmp/evil.so\n');
    expect((await seen(Activity.FILE_CREATED, 'etc/ld.so.preload')).file?.addedLines).toEqual(['/tmp/evil.so']);
  });

  it('in a directory that did not exist is found, also two levels down', async () => {
    mkdirSync(at('etc/cron.d'));
    writeFileSync(at('etc/cron.d/job'), '* * * * * root id\n');
    await seen(Activity.FILE_CREATED, 'etc/cron.d/job');
    mkdirSync(at('etc/systemd/system/x.wants'), { recursive: true });
    symlinkSync('/dev/null', at('etc/systemd/system/x.wants/x.service'));
    await seen(Activity.FILE_CREATED, 'etc/systemd/system/x.wants/x.service');
  });

  it('authorized_keys of a home without .ssh, and of an account made a moment ago, are seen', async () => {
    mkdirSync(at('home/bob/.ssh'));
    writeFileSync(at('home/bob/.ssh/authorized_keys'), 'ssh-ed25519 AAAA x\n');
    const event = await seen(Activity.FILE_CREATED, 'home/bob/.ssh/authorized_keys');
    expect(event.file?.addedLines).toEqual(['ssh-ed25519 AAAA x']);
    mkdirSync(at('home/eve/.ssh'), { recursive: true });
    appendFileSync(at('etc/passwd'), `eve:x:1001:1001::${at('home/eve')}:/bin/sh\n`);
    await vi.waitFor(() => expect(accounts()).toHaveLength(1));
    writeFileSync(at('home/eve/.ssh/authorized_keys'), 'ssh-ed25519 BBBB y\n');
    await seen(Activity.FILE_CREATED, 'home/eve/.ssh/authorized_keys');
  });

  it('that holds secrets shows its digests and none of its lines', async () => {
    appendFileSync(at('etc/shadow'), 'bob:$6$other:1::::::\n');
    const event = await seen(Activity.FILE_MODIFIED, 'etc/shadow');
    expect(JSON.stringify(event)).not.toContain('$6$');
  });

  it('does not report what lies beside it', async () => {
    writeFileSync(at('etc/motd'), 'x');
    writeFileSync(at('etc/sudoers.d/x'), 'x');
    await seen(Activity.FILE_CREATED, 'etc/sudoers.d/x');
    expect(files()).toHaveLength(1);
  });
});

describe('thousands of changes in a second', () => {
  const told = () => files().reduce((sum, { file }) => sum + (file?.count || 1), 0);

  it('are told as few events that count them all, and hide no change elsewhere', async () => {
    for (let n = 0; n < 3000; n++) writeFileSync(at(`etc/sudoers.d/${n}`), 'x');
    appendFileSync(at('etc/sudoers'), 'bob ALL=(ALL) NOPASSWD: ALL\n');
    await vi.waitFor(() => expect(told()).toBe(3001), { timeout: 15_000 });
    expect(files().length).toBeLessThan(400);
    expect((await seen(Activity.FILE_MODIFIED, 'etc/sudoers')).file?.addedLines).toHaveLength(1);
    const summary = files().find(({ file }) => (file?.count ?? 0) > 1)!;
    expect(summary).toMatchObject({ activity: Activity.FILE_CREATED, file: { path: at('etc/sudoers.d') } });
    expect(summary.file?.addedLines).toHaveLength(2);
    expect(sink.losses).toEqual([]);
  });

  it("that overrun the kernel's queue count as a loss, and what was missed is found", async () => {
    mkdirSync(at('etc/cron.d'));
    await sensor.stop();
    await sensor.start(sink);
    // The event loop does not turn in between, and each file is two events or more.
    const filesMax = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) / 2 + 500;
    for (let n = 0; n < filesMax; n++) writeFileSync(at(`etc/sudoers.d/${n}`), 'x');
    writeFileSync(at('etc/cron.d/job'), '* * * * * root id\n');
    await seen(Activity.FILE_CREATED, 'etc/cron.d/job');
    expect(sink.losses).toMatchObject([{ sensor: 'file.watch', reason: 'kernel_overrun', count: 1 }]);
    await vi.waitFor(() => expect(told()).toBe(filesMax + 1), { timeout: 20_000 });
  });
});

describe('what is not ours to read', () => {
  it('a link out of the tree is told with where it leads, and what it leads to is neither hashed nor shown', async () => {
    writeFileSync(at('secret'), 'the secret\n');
    mkdirSync(at('home/bob/.ssh'));
    symlinkSync(at('secret'), at('home/bob/.ssh/authorized_keys'));
    const { file } = await seen(Activity.FILE_CREATED, 'home/bob/.ssh/authorized_keys');
    expect(file).toMatchObject({ sha256: '', addedLines: [`-> ${at('secret')}`] });
    expect(JSON.stringify(sink.events)).not.toContain('the secret');
    unlinkSync(at('home/bob/.ssh/authorized_keys'));
    symlinkSync('/dev/null', at('home/bob/.ssh/authorized_keys'));
    const changed = await seen(Activity.FILE_MODIFIED, 'home/bob/.ssh/authorized_keys');
    expect(changed.file?.addedLines).toEqual(['-> /dev/null']);
  });

  it('a directory that is a link out of the tree gives no content away either', async () => {
    mkdirSync(at('other'));
    writeFileSync(at('other/authorized_keys'), 'the secret\n');
    symlinkSync(at('other'), at('home/bob/.ssh'));
    const { file } = await seen(Activity.FILE_CREATED, 'home/bob/.ssh/authorized_keys');
    expect(file?.sha256).toBe('');
    expect(JSON.stringify(sink.events)).not.toContain('the secret');
  });

  it('a FIFO in place of a file stops nothing', async () => {
    execFileSync('mkfifo', [at('etc/sudoers.fifo')]);
    renameSync(at('etc/sudoers.fifo'), at('etc/sudoers'));
    expect((await seen(Activity.FILE_MODIFIED, 'etc/sudoers')).file?.sha256).toBe('');
    appendFileSync(at('etc/passwd'), 'eve:x:1:1::/:/bin/sh\n');
    await seen(Activity.FILE_MODIFIED, 'etc/passwd');
  });
});

it.skipIf(!may('sys_admin'))(
  'what is mounted inside a tree is another tree, and left alone (needs the right to mount)',
  async () => {
    await sensor.stop();
    for (const directory of ['www/data', 'elsewhere']) mkdirSync(at(directory), { recursive: true });
    execFileSync('mount', ['--bind', at('elsewhere'), at('www/data')]);
    try {
      sensor = createFileSensor({ criticalPaths: [], homes: false, webRoots: [at('www')] });
      await sensor.start(sink);
      writeFileSync(at('elsewhere/x'), 'x');
      writeFileSync(at('www/y'), 'y');
      await seen(Activity.FILE_CREATED, 'www/y');
      expect(files()).toHaveLength(1);
    } finally {
      await sensor.stop();
      execFileSync('umount', [at('www/data')]);
    }
  },
);

it('another owner or mode is told beside what it was', async () => {
  chmodSync(at('etc/sudoers'), 0o600);
  chmodSync(at('etc/sudoers'), 0o666);
  const { file } = await seen(Activity.FILE_ATTRIBUTES, 'etc/sudoers');
  expect(file).toMatchObject({ mode: 0o666, previousMode: 0o644, previousOwnerId: process.getuid?.() });
});

it('who changed a file is said where another sensor knows it', async () => {
  await sensor.stop();
  sensor = createFileSensor({
    criticalPaths: [{ path: at('etc/sudoers'), depth: 0, root: at('etc') }],
    homes: false,
    authors: {
      watch: async () => undefined,
      stop: async () => undefined,
      changedBy: (path) => (path === at('etc/sudoers') ? { user: { name: 'bob' }, process: { pid: 77 } } : undefined),
      problem: '',
    },
  });
  await sensor.start(sink);
  appendFileSync(at('etc/sudoers'), '# x\n');
  const event = await seen(Activity.FILE_MODIFIED, 'etc/sudoers');
  expect(event).toMatchObject({ user: { name: 'bob' }, process: { pid: 77 }, missing: [] });
});

describe('accounts', () => {
  it('a uid-0 account added with an editor is a created user', async () => {
    replace('etc/passwd', `${PASSWD.replace('HOME', at('home/bob'))}evil:x:0:0::/root:/bin/bash\n`);
    await vi.waitFor(() => expect(accounts()).toHaveLength(1), { timeout: 8000 });
    expect(accounts()[0]).toMatchObject({
      activity: Activity.USER_CREATED,
      sensor: 'file.accounts',
      targetUser: { name: 'evil', id: 0, groupId: 0, home: '/root', shell: '/bin/bash' },
    });
  });

  it('another uid is a changed user, a missing line a deleted one', async () => {
    replace('etc/passwd', 'root:x:0:0:root:/root:/bin/bash\nbob:x:0:1000::/home/bob:/bin/bash\n');
    await vi.waitFor(() => expect(accounts()).toHaveLength(1), { timeout: 8000 });
    expect(accounts()[0]).toMatchObject({ activity: Activity.USER_MODIFIED, targetUser: { name: 'bob', id: 0 } });
    replace('etc/passwd', 'root:x:0:0:root:/root:/bin/bash\n');
    await vi.waitFor(() => expect(accounts()).toHaveLength(2), { timeout: 8000 });
    expect(accounts()[1]).toMatchObject({ activity: Activity.USER_DELETED, targetUser: { name: 'bob' } });
  });

  it('a new member names himself and his group; a new group is created', async () => {
    replace('etc/group', `${GROUP.replace('sudo:x:27:', 'sudo:x:27:bob')}wheel:x:50:\n`);
    await vi.waitFor(() => expect(accounts()).toHaveLength(2), { timeout: 8000 });
    expect(accounts()[0]).toMatchObject({
      activity: Activity.GROUP_MODIFIED,
      targetUser: { name: 'bob', groupName: 'sudo', groupId: 27 },
      file: { addedLines: ['sudo:bob'] },
    });
    expect(accounts()[1]).toMatchObject({
      activity: Activity.GROUP_CREATED,
      targetUser: { groupName: 'wheel', groupId: 50 },
    });
  });

  it('a hash that stands in passwd itself never leaves the host', async () => {
    appendFileSync(at('etc/passwd'), 'old:$1$hash:5:5::/:/bin/sh\n');
    await vi.waitFor(() => expect(accounts()).toHaveLength(1), { timeout: 8000 });
    expect(JSON.stringify(sink.events)).not.toContain('$1$');
  });
});
