import { ARGS_BYTES_MAX } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAncestry } from '../../agent/src/sensors/process/ancestry.ts';
import { type ActorRecord, decodeRecord } from '../../agent/src/sensors/process/ebpf-decode.ts';
import { FLAG, formatIPv6, KIND, RECORD, splitArgs } from '../../agent/src/sensors/process/ebpf-record.ts';
import {
  clipArgs,
  credentialsEvent,
  execEvent,
  exitEvent,
  traceEvent,
} from '../../agent/src/sensors/process/exec-event.ts';

/** A record as the kernel program lays it out. */
function execRecord(parts: { paths: string[]; args?: string; argsBytes?: number; flags?: number }): Buffer {
  const variable = Buffer.from(parts.paths.join('') + (parts.args ?? ''));
  const bytes = Buffer.concat([Buffer.alloc(RECORD.variable), variable]);
  bytes.writeUInt32LE(KIND.exec, RECORD.kind);
  bytes.writeUInt32LE(parts.flags ?? 0, RECORD.flags);
  bytes.writeUInt32LE(5_000_000, RECORD.bootNs);
  bytes.writeUInt32LE(42, RECORD.pid);
  bytes.writeUInt32LE(7, RECORD.parentPid);
  bytes.writeUInt32LE(0xffff_ffff, RECORD.loginUserId);
  bytes.writeUInt32LE(9, RECORD.sessionId);
  bytes.writeUInt32LE(1, RECORD.executableLinks);
  bytes.write('pts4', RECORD.tty);
  bytes.writeUInt32LE(parts.argsBytes ?? Buffer.byteLength(parts.args ?? ''), RECORD.argsBytes);
  let end = 0;
  [RECORD.executableEnd, RECORD.workingDirectoryEnd, RECORD.parentExecutableEnd, RECORD.cgroupEnd].forEach((at, i) => {
    end += Buffer.byteLength(parts.paths[i] ?? '');
    bytes.writeUInt32LE(end, at);
  });
  return bytes;
}

const CONTAINER = 'ab'.repeat(32);
const PATHS = ['bash\0bin\0usr\0', '', 'sshd\0sbin\0usr\0', `docker-${CONTAINER}.scope\0system.slice\0`];
const CONTEXT = {
  sensor: 'process.ebpf',
  bootOffsetUs: 1_000_000,
  userName: () => 'alice',
  parent: undefined,
  missing: [],
};

describe('a record of the kernel program', () => {
  test('has its paths from root to leaf, its arguments, its terminal and its container', () => {
    const record = decodeRecord(execRecord({ paths: PATHS, args: 'bash\0-c\0\0', argsBytes: 4000 })) as ActorRecord;
    expect(execEvent(record, CONTEXT)).toMatchObject({
      observedAtUs: 1_005_000,
      user: { id: 0, name: 'alice' },
      process: {
        pid: 42,
        executable: '/usr/bin/bash',
        workingDirectory: '/',
        parentExecutable: '/usr/sbin/sshd',
        cgroup: `/system.slice/docker-${CONTAINER}.scope`,
        containerId: CONTAINER,
        args: ['bash', '-c', ''],
        argsTruncated: true,
        tty: 'pts/4',
        loginUid: undefined,
        sessionId: 9,
        deletedExecutable: false,
      },
      missing: ['process.parent.command_line', 'process.hash.sha256'],
    });
  });

  test('names what the program could not see', () => {
    const bytes = execRecord({ paths: PATHS, flags: FLAG.executableCut | FLAG.cgroupCut | FLAG.argsUnreadable });
    const event = execEvent(decodeRecord(bytes) as ActorRecord, {
      ...CONTEXT,
      parent: { executable: '/a', args: ['a'] },
    });
    expect(event.process?.executable).toBe('…/usr/bin/bash');
    expect(event.missing).toEqual([
      'process.args',
      'process.executable',
      'threatguard.process.cgroup',
      'container.id',
      'process.hash.sha256',
    ]);
  });

  test.each([
    { says: 'nothing at all', bytes: Buffer.alloc(0) },
    { says: 'a kind that is none', bytes: Buffer.alloc(RECORD.variable) },
    { says: 'an exec cut in its fixed part', bytes: execRecord({ paths: [] }).subarray(0, 100) },
    { says: 'paths that go beyond its end', bytes: execRecord({ paths: PATHS }).subarray(0, RECORD.variable + 8) },
    {
      says: 'paths that end before they begin',
      bytes: (() => {
        const bytes = execRecord({ paths: PATHS });
        bytes.writeUInt32LE(0, RECORD.parentExecutableEnd);
        return bytes;
      })(),
    },
  ])('is not taken where it is $says', ({ bytes }) => {
    expect(decodeRecord(bytes)).toBeUndefined();
  });
});

test('a file that was never in a directory is one in memory only where the kernel named it so', () => {
  const inMemory = (name: string, flags: number) =>
    (decodeRecord(execRecord({ paths: [`${name}\0`, '', '', ''], flags })) as ActorRecord).memoryExecutable;
  expect(inMemory('memfd:x', FLAG.executableApart)).toBe(true);
  expect(inMemory('memfd:x', 0)).toBe(false); // a file of that name in the root directory
  expect(inMemory('x', FLAG.executableApart)).toBe(false);
});

test('what a process may do beyond its user, and what its file is, are in the event', () => {
  const bytes = execRecord({ paths: PATHS });
  bytes.writeUInt32LE(1000, RECORD.userId);
  bytes.writeUInt32LE(0, RECORD.effectiveUserId);
  bytes.writeBigUInt64LE(0x1ff_ffff_ffffn, RECORD.capabilities);
  bytes.writeBigUInt64LE(77n, RECORD.inode);
  bytes.writeUInt32LE(0x8000_0005, RECORD.changedNs); // the kernel's own mark beside the nanoseconds
  const record = decodeRecord(bytes) as ActorRecord;
  expect(record.file.changedNs).toBe(5n);
  const { process, missing } = execEvent(record, { ...CONTEXT, sha256: 'ab' });
  expect(process).toMatchObject({ effectiveUserId: 0, capabilities: 0x1ff_ffff_ffff, executableInode: 77 });
  expect(process?.effectiveGroupId).toBeUndefined();
  expect(process?.executableSha256).toBe('ab');
  expect(missing).not.toContain('process.hash.sha256');
});

test('whatever bytes it holds, a record is decoded or refused, never an exception', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(KIND)),
      fc.uint8Array({ maxLength: 1024 }),
      fc.boolean(),
      (kind, rest, zero) => {
        const bytes = Buffer.concat([Buffer.alloc(4), zero ? Buffer.alloc(RECORD.variable) : Buffer.alloc(0), rest]);
        bytes.writeUInt32LE(kind, RECORD.kind);
        const record = decodeRecord(bytes);
        if (record?.kind === 'exit') exitEvent(record, CONTEXT);
        else if (record) {
          execEvent(record, CONTEXT);
          credentialsEvent(record, CONTEXT);
          traceEvent(record, { ...CONTEXT, target: undefined });
        }
      },
    ),
    { numRuns: 2000, seed: 2 },
  );
});

test.each(['executableEnd', 'workingDirectoryEnd', 'parentExecutableEnd', 'cgroupEnd'] as const)(
  'no value of %s makes a record be read beyond its end',
  (field) => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(2000), (end, cut) => {
        const whole = execRecord({ paths: PATHS, args: 'bash\0-c\0' });
        whole.writeUInt32LE(end, RECORD[field]);
        const record = decodeRecord(whole.subarray(0, Math.max(0, whole.length - cut)));
        if (record?.kind === 'exec') expect(record.executable.length).toBeLessThan(whole.length);
      }),
      { numRuns: 500, seed: 3 },
    );
  },
);

test.each([
  { bytes: '', args: [] },
  { bytes: '\0', args: [''] },
  { bytes: 'a\0', args: ['a'] },
  { bytes: 'a\0\0b\0', args: ['a', '', 'b'] },
  { bytes: 'a\0cut off', args: ['a', 'cut off'] },
])('arguments $bytes are $args', ({ bytes, args }) => {
  expect(splitArgs(Buffer.from(bytes))).toEqual(args);
});

test.each([
  { hex: '00000000000000000000000000000001', text: '::1' },
  { hex: '00000000000000000000000000000000', text: '::' },
  { hex: '20010db8000000000000000000000001', text: '2001:db8::1' },
  { hex: '20010db8000000010000000000000001', text: '2001:db8:0:1::1' },
  { hex: '20010db8000000010001000100010001', text: '2001:db8:0:1:1:1:1:1' },
  { hex: 'fe800000000000000000000000000000', text: 'fe80::' },
  { hex: '20010db8000100010001000100010010', text: '2001:db8:1:1:1:1:1:10' },
  { hex: '00100000000000000000000000000000', text: '10::' },
  { hex: '00000000000000000000ffffc0000207', text: '192.0.2.7' },
])('the address $hex is written $text', ({ hex, text }) => {
  expect(formatIPv6(Buffer.from(hex, 'hex'))).toBe(text);
});

describe("arguments are clipped to the contract's limits", () => {
  test.each([
    { says: 'within them', args: ['a', 'b'], kept: 2, clipped: false },
    { says: 'too many', args: Array.from({ length: 5000 }, () => 'a'), kept: 4096, clipped: true },
    { says: 'too long', args: ['a', 'b'.repeat(ARGS_BYTES_MAX)], kept: 2, clipped: true },
    { says: 'too long once broken UTF-8 is replaced', args: ['\ufffd'.repeat(20_000)], kept: 1, clipped: true },
  ])('$says', ({ args, kept, clipped }) => {
    const result = clipArgs(args);
    expect(result.clipped).toBe(clipped);
    expect(result.args).toHaveLength(kept);
    expect(Buffer.byteLength(result.args.join(''))).toBeLessThanOrEqual(ARGS_BYTES_MAX);
  });
});

describe('what is remembered of parents', () => {
  test('a process of the same number but of another time is another process', () => {
    const ancestry = createAncestry();
    ancestry.remember(4_000_000, 111, { executable: '/bin/a', args: ['a'] });
    expect(ancestry.recall(4_000_000, 111)).toMatchObject({ executable: '/bin/a', args: ['a'] });
    expect(ancestry.recall(4_000_000, 222)).toBeUndefined();
  });

  test('one that began before us is asked of /proc, and long arguments are kept in part', () => {
    const ancestry = createAncestry();
    expect(ancestry.recall(process.pid, 1)?.executable).toBe(process.execPath);
    ancestry.remember(4_000_000, 1, { executable: '/bin/a', args: ['x'.repeat(1500), 'y'.repeat(1500), 'z'] });
    expect(ancestry.recall(4_000_000, 1)?.args.map((arg) => arg.length)).toEqual([1500, 547]);
  });

  test('the least recently used is forgotten first', () => {
    const ancestry = createAncestry();
    for (let pid = 0; pid < 4096; pid++) ancestry.remember(5_000_000 + pid, 1, { executable: '/bin/a', args: [] });
    ancestry.recall(5_000_000, 1);
    ancestry.remember(6_000_000, 1, { executable: '/bin/b', args: [] });
    expect(ancestry.recall(5_000_000, 1)).toBeDefined();
    expect(ancestry.recall(5_000_001, 1)).toBeUndefined();
  });
});
