import {
  ARGS_BYTES_MAX,
  FIELD_BYTES_MAX,
  FIELD_ENTRIES_MAX,
  HostEvent,
  ORIGINAL_BYTES_MAX,
  RefusalError,
} from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { checkLimits } from '../../collector/src/enrich/check-limits.ts';

const long = 'x'.repeat(FIELD_BYTES_MAX + 1);
const many = new Array(FIELD_ENTRIES_MAX + 1).fill('');

function refusedField(event: object): string {
  // Through the wire form, as the collector sees it.
  const decoded = HostEvent.decode(HostEvent.encode(event as HostEvent).finish()) as HostEvent;
  try {
    checkLimits([{}, decoded]);
  } catch (error) {
    if (error instanceof RefusalError && error.code === 'field_too_long') return error.message.split(':')[0]!;
    throw error;
  }
  return 'taken';
}

/** Every text and every list of the contract, so that a field added to it later cannot be forgotten here. */
const TEXTS: [string, object][] = [
  ['sensor', { sensor: long }],
  ['service_name', { serviceName: long }],
  ['missing', { missing: [long] }],
  ...['name', 'groupName', 'home', 'shell'].flatMap((field): [string, object][] => [
    ['user', { user: { [field]: long } }],
    ['target_user', { targetUser: { [field]: long } }],
  ]),
  ...(
    [
      ['name', 'name'],
      ['executable', 'executable'],
      ['workingDirectory', 'working_directory'],
      ['parentName', 'parent_name'],
      ['parentExecutable', 'parent_executable'],
      ['cgroup', 'cgroup'],
      ['containerId', 'container_id'],
      ['tty', 'tty'],
    ] as const
  ).map(([field, name]): [string, object] => [`process.${name}`, { process: { [field]: long } }]),
  ...(
    [
      ['family', 'family'],
      ['localAddress', 'local_address'],
      ['remoteAddress', 'remote_address'],
    ] as const
  ).map(([field, name]): [string, object] => [
    `process.stdio_sockets.${name}`,
    { process: { stdioSockets: [{ [field]: long }] } },
  ]),
  ['network.transport', { network: { transport: long } }],
  ['network.source_address', { network: { sourceAddress: long } }],
  ['network.destination_address', { network: { destinationAddress: long } }],
  ['file.path', { file: { path: long } }],
  ['file.previous_sha256', { file: { previousSha256: long } }],
  ['file.sha256', { file: { sha256: long } }],
  ['file.added_lines', { file: { addedLines: ['', long] } }],
  ['file.removed_lines', { file: { removedLines: [long] } }],
  ...(
    [
      ['method', 'method'],
      ['sourceAddress', 'source_address'],
      ['keyFingerprint', 'key_fingerprint'],
      ['tty', 'tty'],
      ['command', 'command'],
      ['reason', 'reason'],
    ] as const
  ).map(([field, name]): [string, object] => [`authentication.${name}`, { authentication: { [field]: long } }]),
  ['host.os_name', { host: { osName: long } }],
  ['host.os_version', { host: { osVersion: long } }],
  ['host.kernel', { host: { kernel: long } }],
];

describe('the limits of an event', () => {
  it.each(TEXTS)('refuse a long %s (%#)', (field, event) => {
    expect(refusedField(event)).toBe(field);
  });

  it.each([
    ['original', { original: 'x'.repeat(ORIGINAL_BYTES_MAX + 1) }, 'original'],
    ['original at its limit', { original: 'x'.repeat(ORIGINAL_BYTES_MAX) }, 'taken'],
    ['a text at its limit', { sensor: 'x'.repeat(FIELD_BYTES_MAX) }, 'taken'],
    [
      'a text within its limit in characters but not in bytes',
      { sensor: 'é'.repeat(FIELD_BYTES_MAX / 2 + 1) },
      'sensor',
    ],
    ['arguments long together', { process: { args: new Array(9).fill('x'.repeat(4096)) } }, 'process.args'],
    ['one argument longer than other texts may be', { process: { args: ['x'.repeat(ARGS_BYTES_MAX)] } }, 'taken'],
    ['arguments of the parent', { process: { parentArgs: ['x'.repeat(ARGS_BYTES_MAX + 1)] } }, 'process.parent_args'],
    ['too many arguments', { process: { args: many } }, 'process.args'],
    ['too many lines', { file: { addedLines: many } }, 'file.added_lines'],
    ['too many missing fields', { missing: many }, 'missing'],
    ['too many sockets', { process: { stdioSockets: many.map(() => ({})) } }, 'process.stdio_sockets'],
    ['an ordinary event', { user: { name: 'alice' }, process: { args: ['ls', '-l'] }, network: {}, file: {} }, 'taken'],
  ])('answer %s', (_, event, field) => {
    expect(refusedField(event)).toBe(field);
  });
});
