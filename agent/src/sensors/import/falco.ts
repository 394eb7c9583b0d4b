// Falco's JSON output (json_output: true): one alert a line or request, with the fields its rule named in `output_fields`.
import { Activity, Direction, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import {
  at,
  idOf,
  integerOf,
  type JsonObject,
  objectOf,
  originalOf,
  parseObject,
  textOf,
  timeOf,
} from './json-fields.ts';
import { type Reading, unknown } from './reading.ts';

/** What one alert says. What its rule did not name is listed as missing. */
export function readFalcoLine(line: string): Reading {
  const alert = parseObject(line);
  if (!alert) return unknown('no JSON object');
  const rule = at(alert, 'rule');
  const observedAtUs = timeOf(at(alert, 'time'));
  if (typeof rule !== 'string') return unknown('no Falco alert: it names no rule');
  if (observedAtUs === undefined) return unknown('no Falco alert: its time is none of RFC 3339');
  const fields = objectOf(at(alert, 'output_fields')) ?? {};
  const dropped = rule.startsWith('Falco internal:') ? integerOf(at(fields, 'n_drops')) : undefined;
  if (dropped) return { lost: { count: dropped, atUs: observedAtUs } };
  const source = textOf(at(alert, 'source'));
  if (!HOST_SOURCES.has(source)) return unknown('an alert of another source than this host:', source);
  if (rule.startsWith('Falco internal:')) return unknown('a message of Falco about itself');
  const userName = text(fields, 'user.name');
  const uid = id(fields, 'user.uid');
  const event: HostEvent = {
    observedAtUs,
    sensor: 'import.falco',
    serviceName: 'falco',
    outcome: outcomeOf(fields),
    original: originalOf(line),
    ...(userName || uid !== undefined ? { user: { name: userName, id: uid } } : {}),
    process: processOf(fields),
    missing: MISSING.filter((name) => !text(fields, FALCO_NAME[name]!)),
    ...what(rule, fields),
  };
  return { event };
}

/** System calls, as Falco names their source over the years; empty in its first versions. */
const HOST_SOURCES = new Set(['', 'syscall', 'syscalls']);
const FALCO_NAME: Record<string, string> = {
  'user.name': 'user.name',
  'process.pid': 'proc.pid',
  'process.command_line': 'proc.cmdline',
};
const MISSING = Object.keys(FALCO_NAME);
const OPENS = new Set(['open', 'openat', 'openat2', 'open_by_handle_at']);
const WRITES = new Set([
  'creat',
  'write',
  'pwrite',
  'writev',
  'pwritev',
  'rename',
  'renameat',
  'renameat2',
  'truncate',
  'ftruncate',
  'link',
  'linkat',
  'symlink',
  'symlinkat',
]);
const ATTRIBUTES = new Set(['chmod', 'fchmod', 'fchmodat', 'chown', 'lchown', 'fchown', 'fchownat']);
const REMOVES = new Set(['unlink', 'unlinkat', 'rmdir']);
const CONNECTS = new Set(['connect', 'sendto', 'sendmsg', 'sendmmsg']);
const ACCEPTS = new Set(['accept', 'accept4', 'recvfrom', 'recvmsg', 'recvmmsg']);
const EXECS = new Set(['execve', 'execveat']);
const CREDENTIALS = new Set(['setuid', 'setgid', 'setreuid', 'setregid', 'setresuid', 'setresgid', 'capset']);
/** "10.0.0.1:40000->10.0.0.2:443", IPv6 without brackets: the port is what follows the last colon. */
const CONNECTION =
  /^(?<source>[\d.a-fA-F:]{2,45}):(?<sourcePort>\d{1,5})->(?<destination>[\d.a-fA-F:]{2,45}):(?<destinationPort>\d{1,5})$/;
/** Rules that name no system call but say in their own name that something was written: "Write below etc". */
const WRITING_RULE = /\b(?:writ\w*|modif\w*|creat\w*|updat\w*|clear|renam\w*|add\w*)\b/i;

/** A connection where the descriptor is one, a file where one was changed, otherwise what the process did. */
function what(rule: string, fields: Fields): HostEvent {
  const type = text(fields, 'evt.type');
  const name = text(fields, 'fd.name');
  const connection = name.length <= 128 ? CONNECTION.exec(name)?.groups : undefined;
  if (connection) return connectionOf(type, connection, fields);
  const activity = fileActivity(type, rule, fields);
  const path = pathOf(type, name, fields);
  if (activity && path) return { class: EventClass.FILE, activity, file: { path } };
  return { class: EventClass.PROCESS, activity: processActivity(type) };
}

function fileActivity(type: string, rule: string, fields: Fields): Activity | undefined {
  if (REMOVES.has(type)) return Activity.FILE_DELETED;
  if (ATTRIBUTES.has(type)) return Activity.FILE_ATTRIBUTES;
  if (WRITES.has(type)) return Activity.FILE_MODIFIED;
  if (type !== '' && !OPENS.has(type)) return undefined;
  const flags = text(fields, 'evt.arg.flags');
  const writes =
    text(fields, 'evt.is_open_write') || (flags && `${/O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)/.test(flags)}`);
  return writes === 'true' || (writes === '' && WRITING_RULE.test(rule)) ? Activity.FILE_MODIFIED : undefined;
}

/** Calls that take a path and no descriptor name it among their arguments. */
function pathOf(type: string, name: string, fields: Fields): string {
  const arguments_ = type.startsWith('rename') || type.includes('link') ? ['evt.arg.newpath', 'evt.arg.linkpath'] : [];
  const candidates = [
    ...arguments_,
    'fs.path.target',
    'fs.path.name',
    'evt.arg.path',
    'evt.arg.filename',
    'evt.arg.name',
  ];
  return [name, ...candidates.map((field) => text(fields, field))].find((path) => path.startsWith('/')) ?? '';
}

function processActivity(type: string): Activity {
  // Rules of before 0.36 named no system call: their alert states a process and its command line.
  if (type === '' || EXECS.has(type)) return Activity.EXEC;
  if (CREDENTIALS.has(type)) return Activity.CREDENTIALS_CHANGED;
  if (type === 'ptrace' || type === 'process_vm_writev') return Activity.TRACED;
  return type === 'procexit' ? Activity.EXIT : Activity.ACTIVITY_UNSPECIFIED;
}

/** Falco prints client -> server, whichever of them this host is. */
function connectionOf(type: string, found: Record<string, string | undefined>, fields: Fields): HostEvent {
  const inbound = ACCEPTS.has(type);
  return {
    class: EventClass.NETWORK,
    activity: type === '' || inbound || CONNECTS.has(type) ? Activity.CONNECTION_OPENED : Activity.ACTIVITY_UNSPECIFIED,
    network: {
      transport: text(fields, 'fd.l4proto'),
      direction: inbound ? Direction.INBOUND : Direction.OUTBOUND,
      sourceAddress: found.source,
      sourcePort: Math.min(Number(found.sourcePort), 65535),
      destinationAddress: found.destination,
      destinationPort: Math.min(Number(found.destinationPort), 65535),
    },
  };
}

function processOf(fields: Fields): HostEvent['process'] {
  const commandLine = text(fields, 'proc.cmdline');
  const parentLine = text(fields, 'proc.pcmdline');
  const container = text(fields, 'container.id');
  return {
    pid: id(fields, 'proc.pid') ?? 0,
    parentPid: id(fields, 'proc.ppid') ?? 0,
    name: text(fields, 'proc.name').slice(0, 15),
    executable: text(fields, 'proc.exepath'),
    args: commandLine ? commandLine.split(' ') : [],
    workingDirectory: text(fields, 'proc.cwd'),
    parentName: text(fields, 'proc.pname'),
    parentExecutable: text(fields, 'proc.pexepath'),
    parentArgs: parentLine ? parentLine.split(' ') : [],
    loginUid: id(fields, 'user.loginuid'),
    containerId: container === 'host' ? '' : container,
    memoryExecutable: text(fields, 'proc.is_exe_from_memfd') === 'true' || undefined,
  };
}

/** `evt.res` is SUCCESS or the name of an error; most rules ask for finished calls and do not print it. */
function outcomeOf(fields: Fields): Outcome {
  const result = text(fields, 'evt.res');
  return result === '' || result === 'SUCCESS' ? Outcome.SUCCESS : Outcome.FAILURE;
}

type Fields = JsonObject;

function text(fields: Fields, name: string): string {
  const value = textOf(at(fields, name));
  return value === '<NA>' ? '' : value;
}

/** -1 is "none": loginuid before anybody logged on. */
function id(fields: Fields, name: string): number | undefined {
  const value = idOf(at(fields, name));
  return value === 0xffff_ffff ? undefined : value;
}
