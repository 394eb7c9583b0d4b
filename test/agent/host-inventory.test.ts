import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Activity, FIELD_ENTRIES_MAX, HostEvent } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clipEvent } from '../../agent/src/batch/clip.ts';
import { inventoryKinds } from '../../agent/src/sensors/host/inventory.ts';
import { changeEvents, InventoryWatch } from '../../agent/src/sensors/host/inventory-watch.ts';
import { parseRpmList } from '../../agent/src/sensors/host/package-lists.ts';
import { createHostSensor } from '../../agent/src/sensors/host/sensor.ts';
import { RecordingSink } from '../support/recording-sink.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'threatguard-inventory-'));
  put('/etc/os-release', 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n');
  put('/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\n# no account\n');
  put('/etc/group', 'sudo:x:27:bob,eve\n');
  put('/var/lib/dpkg/status', `${installed('openssh-server', '1:9.2p1-2')}\n${removed('telnetd', '1')}\n`);
  put('/sys/fs/cgroup/system.slice/ssh.service/cgroup.procs', '1\n');
  put('/proc/self/mountinfo', '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n28 27 0:21 / /proc rw - proc proc rw\n');
  put('/sys/block/vda/size', '41943040\n');
  put('/sys/block/loop0/size', '8\n');
  put('/lib/systemd/system/cron.service', '');
  mkdirSync(join(root, '/etc/systemd/system/multi-user.target.wants'), { recursive: true });
  mkdirSync(join(root, '/run/systemd/system'), { recursive: true });
  symlinkSync('/lib/systemd/system/ssh.service', join(root, '/etc/systemd/system/multi-user.target.wants/ssh.service'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const paragraph = (state: string, name: string, version: string) =>
  `Package: ${name}\nStatus: ${state}\nArchitecture: amd64\nVersion: ${version}\nDescription: x\n Version: 9\n`;
const installed = (name: string, version: string) => paragraph('install ok installed', name, version);
const removed = (name: string, version: string) => paragraph('deinstall ok config-files', name, version);

const stateFile = () => join(root, 'state.json');
const watchOf = () => new InventoryWatch(inventoryKinds(root), stateFile());
/** A sink that spools at once. */
class Spooling extends RecordingSink {
  override emit(event: HostEvent, durable?: () => void): void {
    super.emit(event);
    durable?.();
  }
}
async function look(watch = watchOf()) {
  const sink = new Spooling();
  await watch.look(sink);
  await watch.settled();
  return sink.events.map(({ inventory }) => inventory!);
}

describe('the inventory', () => {
  it('at the first look is told whole, by kind', async () => {
    const found = Object.fromEntries((await look()).map((inventory) => [inventory.kind, inventory]));
    expect(found.os?.added).toEqual(['Debian GNU/Linux 12 (bookworm)']);
    expect(found.package).toEqual({ kind: 'package', added: ['openssh-server 1:9.2p1-2'], removed: [], total: 1 });
    expect(found.user?.added).toEqual(['root uid=0 gid=0 home=/root shell=/bin/bash']);
    expect(found.group?.added).toEqual(['sudo gid=27 members=bob,eve']);
    expect(found.service?.added).toEqual(['ssh.service enabled running']);
    expect(found.mount?.added).toEqual(['/ ext4 /dev/vda rw']);
    expect(found.disk?.added).toEqual(['vda 20480 MiB']);
    expect(found.kernel?.total).toBe(1);
    expect(found.interface?.total).toBeGreaterThanOrEqual(0);
  });

  it('afterwards only where it changed, also over a restart', async () => {
    await look();
    expect(await look()).toEqual([]);
    put('/var/lib/dpkg/status', `${installed('openssh-server', '1:9.2p1-3')}\n${installed('nmap', '7')}\n`);
    expect(await look()).toEqual([
      {
        kind: 'package',
        removed: ['openssh-server 1:9.2p1-2'],
        added: ['nmap 7', 'openssh-server 1:9.2p1-3'],
        total: 2,
      },
    ]);
    expect(statSync(stateFile()).mode & 0o777).toBe(0o600);
  });

  it('that was not spooled is told again after a restart', async () => {
    await watchOf().look(new RecordingSink());
    expect((await look()).length).toBeGreaterThan(5);
  });

  it('reads a file again only when it changed', async () => {
    const reads = vi.fn(() => ['a']);
    let version = '1';
    const watch = new InventoryWatch([{ kind: 'os', version: () => version, read: reads }], stateFile());
    for (let n = 0; n < 5; n++) await look(watch);
    version = '2';
    await look(watch);
    expect(reads).toHaveBeenCalledTimes(2);
  });

  it('of a damaged state file is told anew, and one kind that fails does not stop the others', async () => {
    writeFileSync(stateFile(), '{"version":1,"kinds":{"os":[1]}}');
    const failing = { kind: 'package', read: () => Promise.reject(new Error('no rpm')) };
    const watch = new InventoryWatch([failing, ...inventoryKinds(root).slice(0, 1)], stateFile());
    expect((await look(watch)).map(({ kind }) => kind)).toEqual(['os']);
    expect(watch.problem).toContain('no rpm');
  });

  it.each([
    [
      'apk',
      '/lib/apk/db/installed',
      'C:Q1\nP:musl\nV:1.2.4-r2\n\nP:busybox\nV:1.36\n',
      ['busybox 1.36', 'musl 1.2.4-r2'],
    ],
    ['an image without dpkg', '/var/lib/dpkg/status.d/base', 'Package: base\nVersion: 12\n', ['base 12']],
  ])('knows the packages of %s', async (_name, path, text, expected) => {
    rmSync(join(root, '/var/lib/dpkg/status'));
    put(path, text);
    expect((await look()).find(({ kind }) => kind === 'package')?.added).toEqual(expected);
  });

  it('reads the answer of rpm, whatever else stands in it', () => {
    const answer = 'bash 0:5.2-1.el9.x86_64\nopenssl 1:3.0-2.el9.x86_64\nwarning: x\n';
    expect(parseRpmList(answer)).toEqual(['bash 5.2-1.el9.x86_64', 'openssl 1:3.0-2.el9.x86_64']);
  });
});

it('a host with very many packages is told in events that lose nothing to any limit', () => {
  const packages = Array.from({ length: 9000 }, (_, n) => `${'ü'.repeat(n % 200)}-${n} 1`);
  const events = changeEvents('package', packages.slice(0, 10), packages.slice(5), 1);
  expect(events.length).toBeGreaterThan(2);
  for (const event of events) {
    expect(clipEvent(event).cut).toBe(false);
    expect(event.inventory!.added!.length + event.inventory!.removed!.length).toBeLessThanOrEqual(FIELD_ENTRIES_MAX);
    expect(event.inventory!.total).toBe(8995);
  }
  expect(events.flatMap(({ inventory }) => inventory!.added!)).toEqual(packages.slice(10));
  expect(events.flatMap(({ inventory }) => inventory!.removed!)).toEqual(packages.slice(0, 5));
});

it('the sensor samples this host with the offset of its clock, and takes its inventory', async () => {
  const sink = new Spooling();
  const inventoryFile = join(root, 'state/inventory.json');
  const sensor = createHostSensor({ intervalMs: 60_000, clockOffsetUs: () => -1500, inventoryFile });
  await sensor.start(sink);
  await vi.waitFor(() => expect(sink.events.some(({ inventory }) => inventory?.kind === 'mount')).toBe(true));
  await sensor.stop();
  const sample = sink.events.find(({ activity }) => activity === Activity.SAMPLE);
  expect(HostEvent.decode(HostEvent.encode(sample!).finish()).host?.clockOffsetUs).toBe(-1500);
  expect(readFileSync(inventoryFile, 'utf8')).toContain('"kernel"');
});
