// What rules can read of the events of our agents: every ECS name of the contract, what the collector knows beside the
// event, and what Sigma's log sources call the same things. Nothing else reads these events for rules.
import { Activity, Direction, ECS_FIELDS, type EcsValue, EventClass, type HostEvent } from '@threatguard/proto';

/** What a field may be read from. */
export interface HostFieldSource {
  event: HostEvent;
  agentId: string;
  agentName: string;
}

/** Of arguments joined by spaces: the first of them, one of those after it, or any. */
export type ArgumentPlace = 'first argument' | 'later argument' | 'argument';

export interface HostField {
  read(source: HostFieldSource): EcsValue;
  /** Instead of a text that is made of others joined by spaces: these. Cheaper where the whole is not needed. */
  parts?: (source: HostFieldSource) => readonly string[] | undefined;
  /** Fields that every value of this one is in, which are looked through in its place, and as what it stands there. */
  within?: { names: readonly string[]; as: 'whole' | ArgumentPlace };
  /** The same for all events of one class and activity. */
  ofKind?: true;
  /** Everything the field can ever hold, where that is known: a rule that asks for something else can never match. */
  vocabulary?: readonly string[];
}

/** ECS names by which keywords look at an event that was no line of a log. */
const SEARCHED_NAMES = [
  'user.name',
  'user.target.name',
  'source.ip',
  'destination.ip',
  'dns.question.name',
  'process.name',
  'process.executable',
  'process.command_line',
  'process.working_directory',
  'process.parent.executable',
  'process.parent.command_line',
  'file.path',
  'service.name',
  'event.reason',
  'threatguard.file.added_lines',
  'threatguard.authentication.command',
  'threatguard.inventory.added',
  'threatguard.inventory.removed',
];
const SEARCHED = SEARCHED_NAMES.map((name) => ECS_FIELDS[name]!);

/** The arguments auditd numbers a0, a1, ...; no rule asks for more. */
const AUDIT_ARGUMENTS = 64;

/** The records auditd would have written of the same fact. */
const AUDIT_RECORDS: Partial<Record<Activity, readonly string[]>> = {
  [Activity.EXEC]: ['SYSCALL', 'EXECVE', 'CWD', 'PATH', 'PROCTITLE'],
  [Activity.TRACED]: ['SYSCALL', 'OBJ_PID'],
  [Activity.FILE_CREATED]: ['SYSCALL', 'CWD', 'PATH'],
  [Activity.FILE_MODIFIED]: ['SYSCALL', 'CWD', 'PATH'],
  [Activity.FILE_DELETED]: ['SYSCALL', 'CWD', 'PATH'],
  [Activity.FILE_ATTRIBUTES]: ['SYSCALL', 'CWD', 'PATH'],
  [Activity.CONNECTION_OPENED]: ['SYSCALL', 'SOCKADDR'],
  [Activity.LOGON]: ['USER_AUTH', 'USER_LOGIN'],
  [Activity.LOGOFF]: ['USER_END', 'USER_LOGOUT'],
  [Activity.PRIVILEGE]: ['USER_CMD'],
  [Activity.USER_CREATED]: ['ADD_USER'],
  [Activity.USER_DELETED]: ['DEL_USER'],
  [Activity.USER_MODIFIED]: ['USER_MGMT'],
  [Activity.GROUP_CREATED]: ['ADD_GROUP'],
  [Activity.GROUP_DELETED]: ['DEL_GROUP'],
  [Activity.GROUP_MODIFIED]: ['GRP_MGMT'],
  [Activity.PASSWORD_CHANGED]: ['USER_CHAUTHTOK'],
  [Activity.SERVICE_STARTED]: ['SERVICE_START'],
  [Activity.SERVICE_STOPPED]: ['SERVICE_STOP'],
  [Activity.AUDIT_CONFIG]: ['CONFIG_CHANGE'],
};

const FILE_NAMETYPES: Partial<Record<Activity, string>> = {
  [Activity.FILE_CREATED]: 'CREATE',
  [Activity.FILE_DELETED]: 'DELETE',
  [Activity.FILE_MODIFIED]: 'NORMAL',
  [Activity.FILE_ATTRIBUTES]: 'NORMAL',
};

function auditRecords({ event }: HostFieldSource): string[] | undefined {
  const records = AUDIT_RECORDS[event.activity ?? 0];
  return records && [...records];
}

function systemCall({ event }: HostFieldSource): string | undefined {
  if (event.activity === Activity.EXEC) return 'execve';
  if (event.activity === Activity.TRACED) return 'ptrace';
  if (event.activity !== Activity.CONNECTION_OPENED) return undefined;
  return event.network?.direction === Direction.INBOUND ? 'accept' : 'connect';
}

function searchedTexts({ event }: HostFieldSource): string[] | undefined {
  if (event.original) return [event.original];
  const texts: string[] = [];
  for (const field of SEARCHED) {
    const value = field.read(event);
    if (Array.isArray(value)) texts.push(...value);
    else if (value !== undefined) texts.push(String(value));
  }
  return texts.length > 0 ? texts : undefined;
}

export const HOST_FIELDS: Readonly<Record<string, HostField>> = {
  ...Object.fromEntries(
    Object.entries(ECS_FIELDS).map(([name, field]) => [
      name,
      { read: (source: HostFieldSource) => field.read(source.event) },
    ]),
  ),
  'event.category': { read: ({ event }) => ECS_FIELDS['event.category']!.read(event), ofKind: true },
  'event.action': { read: ({ event }) => ECS_FIELDS['event.action']!.read(event), ofKind: true },
  'process.command_line': {
    read: ({ event }) => ECS_FIELDS['process.command_line']!.read(event),
    parts: ({ event }) => event.process?.args ?? undefined,
  },
  'process.parent.command_line': {
    read: ({ event }) => ECS_FIELDS['process.parent.command_line']!.read(event),
    parts: ({ event }) => event.process?.parentArgs ?? undefined,
  },
  'process.args': {
    read: ({ event }) => ECS_FIELDS['process.args']!.read(event),
    within: { names: ['process.command_line'], as: 'argument' },
  },
  'agent.id': { read: (source) => source.agentId || undefined },
  'agent.name': { read: (source) => source.agentName || undefined },
  'threatguard.network.initiated': {
    read: ({ event }) => (event.network?.direction ? event.network.direction === Direction.OUTBOUND : undefined),
    vocabulary: ['true', 'false'],
  },
  'threatguard.text': { read: searchedTexts, within: { names: [...SEARCHED_NAMES, 'event.original'], as: 'whole' } },
  // What auditd would say of the event, for rules of its service.
  'threatguard.audit.type': {
    read: auditRecords,
    vocabulary: [...new Set(Object.values(AUDIT_RECORDS).flat())],
    ofKind: true,
  },
  'threatguard.audit.syscall': { read: systemCall, vocabulary: ['execve', 'ptrace', 'connect', 'accept'] },
  'threatguard.audit.nametype': {
    read: ({ event }) => FILE_NAMETYPES[event.activity ?? 0],
    vocabulary: ['CREATE', 'DELETE', 'NORMAL'],
    ofKind: true,
  },
  'threatguard.audit.name': {
    read: ({ event }) =>
      event.file?.path || (event.class === EventClass.PROCESS && event.process?.executable) || undefined,
    within: { names: ['file.path', 'process.executable'], as: 'whole' },
  },
  'threatguard.audit.effective_user_id': {
    read: ({ event }) => event.process?.effectiveUserId ?? event.user?.id ?? undefined,
  },
  'threatguard.audit.success': {
    read: ({ event }) => (event.outcome === 1 ? 'yes' : event.outcome === 2 ? 'no' : undefined),
    vocabulary: ['yes', 'no'],
  },
  ...Object.fromEntries(
    Array.from({ length: AUDIT_ARGUMENTS }, (_, index) => [
      `threatguard.audit.a${index}`,
      {
        read: ({ event }: HostFieldSource) => event.process?.args?.[index] || undefined,
        within: { names: ['process.command_line'], as: index === 0 ? 'first argument' : 'later argument' },
      } satisfies HostField,
    ]),
  ),
};

/** By log source, Sigma's names (or the ones the source has in its logs) and ours. What is not here is read by its ECS name. */
const COMMON = {
  UtcTime: '@timestamp',
  Computer: 'agent.name',
  ComputerName: 'agent.name',
  Hostname: 'agent.name',
  HostName: 'agent.name',
  'host.name': 'agent.name',
};

/** Sysmon's, as the specification's taxonomy has them. */
const PROCESS = {
  Image: 'process.executable',
  ProcessId: 'process.pid',
  ProcessName: 'process.name',
  CommandLine: 'process.command_line',
  CurrentDirectory: 'process.working_directory',
  User: 'user.name',
  // Sysmon for Linux has no logon sessions and writes the user's id.
  LogonId: 'user.id',
  TerminalSessionId: 'threatguard.process.session_id',
  sha256: 'process.hash.sha256',
  ParentImage: 'process.parent.executable',
  ParentCommandLine: 'process.parent.command_line',
  ParentProcessId: 'process.parent.pid',
};

const FILE = { ...PROCESS, TargetFilename: 'file.path' };

const DNS = {
  ...PROCESS,
  QueryName: 'dns.question.name',
  QueryResults: 'dns.answers.data',
  query: 'dns.question.name',
  record_type: 'dns.question.type',
  answer: 'dns.answers.data',
};

const NETWORK = {
  ...PROCESS,
  SourceIp: 'source.ip',
  SourcePort: 'source.port',
  DestinationIp: 'destination.ip',
  DestinationPort: 'destination.port',
  Protocol: 'network.transport',
  Initiated: 'threatguard.network.initiated',
};

const LOGON = {
  User: 'user.name',
  TargetUserName: 'user.target.name',
  SourceIp: 'source.ip',
  SourcePort: 'source.port',
  ProcessId: 'process.pid',
  Image: 'process.executable',
};

/** As sudo writes them into its line. */
const SUDO = {
  ...LOGON,
  USER: 'user.target.name',
  COMMAND: 'threatguard.authentication.command',
  TTY: 'process.tty.name',
  PWD: 'process.working_directory',
};

/** As pam_unix writes them into its line. */
const PAM = {
  ...LOGON,
  pam_user: 'user.name',
  pam_rhost: 'source.ip',
  user: 'user.name',
  ruser: 'user.name',
  rhost: 'source.ip',
  tty: 'process.tty.name',
};

/** Fields of audit records; those in capitals are the names that auditd's enriched format adds. */
const AUDIT = {
  type: 'threatguard.audit.type',
  SYSCALL: 'threatguard.audit.syscall',
  syscall: 'threatguard.audit.syscall',
  success: 'threatguard.audit.success',
  comm: 'process.name',
  exe: 'process.executable',
  cwd: 'process.working_directory',
  cmdline: 'process.command_line',
  proctitle: 'process.command_line',
  pid: 'process.pid',
  ppid: 'process.parent.pid',
  uid: 'user.id',
  UID: 'user.name',
  euid: 'threatguard.audit.effective_user_id',
  egid: 'user.effective.group.id',
  auid: 'threatguard.process.login_uid',
  ses: 'threatguard.process.session_id',
  tty: 'process.tty.name',
  terminal: 'process.tty.name',
  name: 'threatguard.audit.name',
  nametype: 'threatguard.audit.nametype',
  ouid: 'file.uid',
  ogid: 'file.gid',
  acct: 'user.name',
  addr: 'source.ip',
  unit: 'service.name',
  ...Object.fromEntries(
    Array.from({ length: AUDIT_ARGUMENTS }, (_, index) => [`a${index}`, `threatguard.audit.a${index}`]),
  ),
};

/** By the kind of log source, see logsource.ts. */
export const SOURCE_NAMES = {
  process: PROCESS,
  file: FILE,
  network: NETWORK,
  dns: DNS,
  logon: LOGON,
  sudo: SUDO,
  pam: PAM,
  audit: AUDIT,
  /** A source that is read as lines, or whole: what any of the above calls its fields. */
  any: { ...AUDIT, ...PAM, ...SUDO, ...DNS, ...NETWORK, ...FILE },
} as const satisfies Record<string, Record<string, string>>;

/** Every name but ECS's, and the ECS name it stands for. */
export const HOST_NAMES: ReadonlyMap<string, string> = new Map(
  [COMMON, ...Object.values(SOURCE_NAMES)].flatMap((table) => Object.entries(table)),
);

/** Whether events of a kind of source have a field by this name. */
export function sourceHas(kind: keyof typeof SOURCE_NAMES, name: string): boolean {
  return Object.hasOwn(HOST_FIELDS, name) || Object.hasOwn(COMMON, name) || Object.hasOwn(SOURCE_NAMES[kind], name);
}
