// Falco's JSON output (json_output: true): one alert a line, with the fields its rule named in `output_fields`.
import { Activity, Direction, EventClass, type HostEvent, ORIGINAL_BYTES_MAX, Outcome } from '@threatguard/proto';
import { z } from 'zod';

const field = z.union([z.string(), z.number(), z.boolean(), z.null()]).catch(null);
const alert = z.object({
  rule: z.string(),
  time: z.string(),
  output: z.string().default(''),
  output_fields: z.record(z.string(), field).nullish(),
});
type Fields = Record<string, string | number | boolean | null>;

/** The event Falco saw; null for a line that is no Falco alert. What its rule did not name is listed as missing. */
export function parseFalcoLine(line: string): HostEvent | null {
  const parsed = alert.safeParse(parseJson(line));
  if (!parsed.success) return null;
  const observedAtUs = toEpochUs(parsed.data.time);
  if (observedAtUs === null) return null;
  const fields = parsed.data.output_fields ?? {};
  const userName = text(fields, 'user.name');
  const uid = id(fields, 'user.uid');
  return {
    observedAtUs,
    sensor: 'import.falco',
    serviceName: 'falco',
    outcome: Outcome.SUCCESS,
    original:
      line.length * 3 <= ORIGINAL_BYTES_MAX
        ? line
        : Buffer.from(line)
            .subarray(0, ORIGINAL_BYTES_MAX - 3)
            .toString(),
    ...(userName || uid !== undefined ? { user: { name: userName, id: uid } } : {}),
    process: processOf(fields),
    missing: MISSING.filter((name) => !text(fields, FALCO_NAME[name]!)),
    ...what(fields),
  };
}

const FALCO_NAME: Record<string, string> = {
  'user.name': 'user.name',
  'process.pid': 'proc.pid',
  'process.command_line': 'proc.cmdline',
};
const MISSING = Object.keys(FALCO_NAME);
const WRITES = new Set([
  'open',
  'openat',
  'openat2',
  'creat',
  'write',
  'rename',
  'renameat',
  'renameat2',
  'chmod',
  'fchmodat',
  'link',
  'symlink',
]);
const REMOVES = new Set(['unlink', 'unlinkat', 'rmdir']);
const CONNECTION = /^(?<source>\S+):(?<sourcePort>\d+)->(?<destination>\S+):(?<destinationPort>\d+)$/;

/** A connection where the descriptor is one, a file where it is a path, otherwise the process that did it. */
function what(fields: Fields): HostEvent {
  const name = text(fields, 'fd.name');
  const connection = CONNECTION.exec(name)?.groups;
  if (connection) {
    return {
      class: EventClass.NETWORK,
      activity: Activity.CONNECTION_OPENED,
      network: {
        transport: text(fields, 'fd.l4proto'),
        direction: text(fields, 'evt.type').startsWith('accept') ? Direction.INBOUND : Direction.OUTBOUND,
        sourceAddress: connection.source,
        sourcePort: Number(connection.sourcePort),
        destinationAddress: connection.destination,
        destinationPort: Number(connection.destinationPort),
      },
    };
  }
  const type = text(fields, 'evt.type');
  if (name.startsWith('/') && (type === '' || WRITES.has(type) || REMOVES.has(type))) {
    const activity = REMOVES.has(type) ? Activity.FILE_DELETED : Activity.FILE_MODIFIED;
    return { class: EventClass.FILE, activity, file: { path: name } };
  }
  return { class: EventClass.PROCESS, activity: Activity.EXEC };
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
    parentArgs: parentLine ? parentLine.split(' ') : [],
    loginUid: id(fields, 'user.loginuid'),
    containerId: container === 'host' ? '' : container,
  };
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  return value === null || value === undefined || value === '<NA>' ? '' : String(value);
}

function id(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff ? value : undefined;
}

/** RFC 3339 with up to nine digits of a second. */
function toEpochUs(time: string): number | null {
  const ms = Date.parse(time.replace(/(\.\d{3})\d{1,6}/, '$1'));
  const beyondMs = /\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? '';
  return Number.isNaN(ms) ? null : ms * 1000 + Number(beyondMs.padEnd(3, '0'));
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // counted by the caller as a line that no parser knows
  }
}
