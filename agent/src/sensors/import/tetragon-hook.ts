// Kernel functions that a Tetragon policy hooks, as events. Which arguments are there is up to the policy: what is needed and
// not there makes the line an unknown one.
import { Activity, Direction, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { at, idOf, objectOf, portOf, textOf } from './json-fields.ts';

/** MAY_WRITE and MAY_APPEND of linux/fs.h, the mask of security_file_permission. */
const MAY_WRITE = 0x2 | 0x8;
/** Arguments of a hook: a kprobe has five at most. */
const ARGUMENTS_MAX = 16;

type Arguments = unknown[];

/** The facts of a hook; null where its function is none we know, or lacks the arguments that say what happened. */
export function readHook(hook: object): HostEvent | null {
  const list = at(hook, 'args');
  const args: Arguments = Array.isArray(list) ? list.slice(0, ARGUMENTS_MAX) : [];
  const function_ = textOf(at(hook, 'function_name'))
    .replace(/^__(?:x64|arm64|ia32|se)_/, '')
    .replace(/^(?:security|bpf_lsm)_/, '');
  const facts = (Object.hasOwn(FUNCTIONS, function_) ? FUNCTIONS[function_]! : () => null)(args);
  if (!facts) return null;
  const failed = Number(at(hook, 'return', 'int_arg')) < 0;
  const blocked = /SIGKILL|OVERRIDE/.test(textOf(at(hook, 'action')));
  return { ...facts, outcome: failed || blocked ? Outcome.FAILURE : Outcome.SUCCESS };
}

/** By name, without the prefix of an architecture's system call or of an LSM hook. */
const FUNCTIONS: Record<string, (args: Arguments) => HostEvent | null> = {
  tcp_connect: (args) => connection(args, Activity.CONNECTION_OPENED, Direction.OUTBOUND),
  socket_connect: connecting,
  sys_connect: connecting,
  inet_csk_accept: (args) => connection(args, Activity.CONNECTION_OPENED, Direction.INBOUND),
  tcp_close: (args) => connection(args, Activity.CONNECTION_CLOSED, Direction.DIRECTION_UNSPECIFIED),
  inet_csk_listen_start: listening,
  inet_listen: listening,
  socket_listen: listening,
  file_permission: (args) =>
    args.some((arg) => ((idOf(at(arg, 'int_arg')) ?? 0) & MAY_WRITE) !== 0) ? file(args, Activity.FILE_MODIFIED) : null,
  path_truncate: (args) => file(args, Activity.FILE_MODIFIED),
  sys_write: (args) => file(args, Activity.FILE_MODIFIED),
  path_unlink: (args) => file(args, Activity.FILE_DELETED),
  sys_unlink: (args) => file(args, Activity.FILE_DELETED),
  sys_unlinkat: (args) => file(args, Activity.FILE_DELETED),
  path_chmod: (args) => file(args, Activity.FILE_ATTRIBUTES),
  sys_chmod: (args) => file(args, Activity.FILE_ATTRIBUTES),
  sys_fchmodat: (args) => file(args, Activity.FILE_ATTRIBUTES),
  path_chown: (args) => file(args, Activity.FILE_ATTRIBUTES),
  sys_chown: (args) => file(args, Activity.FILE_ATTRIBUTES),
  commit_creds: credentials,
  sys_setuid: credentials,
  sys_ptrace: traced,
  ptrace_access_check: traced,
};

function connection(args: Arguments, activity: Activity, direction: Direction): HostEvent | null {
  const socket = args.map((arg) => objectOf(at(arg, 'sock_arg'))).find(Boolean);
  const local = { address: textOf(at(socket, 'saddr')), port: portOf(at(socket, 'sport')) };
  const remote = { address: textOf(at(socket, 'daddr')), port: portOf(at(socket, 'dport')) };
  if (!socket || !remote.address || remote.port === 0) return null;
  const [from, to] = direction === Direction.INBOUND ? [remote, local] : [local, remote];
  return network(activity, {
    transport: transportOf(socket),
    direction,
    sourceAddress: from.address,
    sourcePort: from.port,
    destinationAddress: to.address,
    destinationPort: to.port,
  });
}

/** Before the socket has an address of its own only the one it connects to is known. */
function connecting(args: Arguments): HostEvent | null {
  const address = args.map((arg) => objectOf(at(arg, 'sockaddr_arg'))).find(Boolean);
  if (!address) return connection(args, Activity.CONNECTION_OPENED, Direction.OUTBOUND);
  const destinationAddress = textOf(at(address, 'addr'));
  const destinationPort = portOf(at(address, 'port'));
  if (!destinationAddress || destinationPort === 0) return null;
  return network(Activity.CONNECTION_OPENED, {
    direction: Direction.OUTBOUND,
    destinationAddress,
    destinationPort,
  });
}

function listening(args: Arguments): HostEvent | null {
  const socket = args.map((arg) => objectOf(at(arg, 'sock_arg'))).find(Boolean);
  const sourcePort = portOf(at(socket, 'sport'));
  if (!socket || sourcePort === 0) return null;
  const sourceAddress = textOf(at(socket, 'saddr'));
  return network(Activity.LISTENING, { transport: transportOf(socket), sourceAddress, sourcePort });
}

function network(activity: Activity, facts: NonNullable<HostEvent['network']>): HostEvent {
  return { class: EventClass.NETWORK, activity, network: facts };
}

/** "IPPROTO_TCP"; the socket type where the policy's version does not say the protocol. */
function transportOf(socket: unknown): string {
  const protocol = /^IPPROTO_(TCP|UDP)$/.exec(textOf(at(socket, 'protocol')))?.[1];
  if (protocol) return protocol.toLowerCase();
  return textOf(at(socket, 'type')) === 'SOCK_DGRAM' ? 'udp' : 'tcp';
}

function file(args: Arguments, activity: Activity): HostEvent | null {
  const path = args
    .flatMap((arg) => [at(arg, 'file_arg', 'path'), at(arg, 'path_arg', 'path'), at(arg, 'string_arg')])
    .map(textOf)
    .find((each) => each.startsWith('/'));
  return path ? { class: EventClass.FILE, activity, file: { path } } : null;
}

function credentials(args: Arguments): HostEvent | null {
  const set = args.map((arg) => at(arg, 'process_credentials_arg') ?? at(arg, 'cred_arg')).find(objectOf);
  const id = idOf(at(set, 'euid')) ?? idOf(at(set, 'uid')) ?? args.map((arg) => idOf(at(arg, 'int_arg'))).find(isId);
  if (id === undefined) return null;
  return { class: EventClass.PROCESS, activity: Activity.CREDENTIALS_CHANGED, process: { effectiveUserId: id } };
}

function isId(value: number | undefined): value is number {
  return value !== undefined;
}

/** Request and process id, in this order, where the policy takes both. */
function traced(args: Arguments): HostEvent | null {
  const pid = idOf(at(args[1], 'int_arg')) ?? idOf(at(args[1], 'long_arg')) ?? idOf(at(args[1], 'size_arg'));
  if (!pid) return null;
  return { class: EventClass.PROCESS, activity: Activity.TRACED, targetProcess: { pid } };
}
