// Which events a Sigma log source means: of ours a table by category, a table by service. A rule is only ever evaluated for
// the event classes named here. What no agent reports is named too, with what would have to be collected.
import { Activity, EventClass } from '@threatguard/proto';
import type { SOURCE_NAMES } from './host-fields.ts';
import { RuleError } from './rule-error.ts';

/** What a document says of its log source. */
export interface LogsourceDocument {
  category?: string | undefined;
  product?: string | undefined;
  service?: string | undefined;
}

/** A log source as a rule asks for it. */
export interface LogSource {
  /** As written, lower case; what is not written does not matter. */
  category: string | undefined;
  product: string | undefined;
  service: string | undefined;
  /** Of our events, those of these classes; empty where none of our events is meant. */
  classes: readonly EventClass[];
  activities: readonly Activity[] | undefined;
  /** Names the daemon goes by in logs. */
  services: readonly string[] | undefined;
  /** Whose names its fields go by. */
  fields: keyof typeof SOURCE_NAMES;
  /** Whether only events that were lines of a log are meant. */
  lines: boolean;
  /** Where only a part of what the source logs becomes an event: which part. */
  sees: string | undefined;
  /** Why none of our events is meant, if so. */
  missing: string | undefined;
}

interface SourceRow {
  classes: readonly EventClass[];
  fields: keyof typeof SOURCE_NAMES;
  activities?: readonly Activity[];
  services?: readonly string[];
  lines?: boolean;
  sees?: string;
}

const ALL = [
  EventClass.AUTHENTICATION,
  EventClass.PROCESS,
  EventClass.NETWORK,
  EventClass.FILE,
  EventClass.ACCOUNT,
  EventClass.HOST,
];
const FILE_WRITES = [Activity.FILE_CREATED, Activity.FILE_MODIFIED, Activity.FILE_ATTRIBUTES];
const FACTS = 'lines that state a logon, a use of privilege or a change of an account; agents send no other lines';

const EVERYTHING = `programs run, files changed, connections, and of logs ${FACTS}`;

const EXECS: SourceRow = { classes: [EventClass.PROCESS], activities: [Activity.EXEC], fields: 'process' };
const CONNECTIONS: SourceRow = {
  classes: [EventClass.NETWORK],
  activities: [Activity.CONNECTION_OPENED],
  fields: 'network',
};
const DNS_QUERIES: SourceRow = { classes: [EventClass.NETWORK], activities: [Activity.DNS_QUERY], fields: 'dns' };

/** Sigma's first; those below the line are ours, for events Sigma has no category for. */
const CATEGORIES: Record<string, SourceRow> = {
  process_creation: EXECS,
  network_connection: CONNECTIONS,
  network: { ...CONNECTIONS, activities: [Activity.CONNECTION_OPENED, Activity.CONNECTION_CLOSED, Activity.DNS_QUERY] },
  dns: DNS_QUERIES,
  dns_query: DNS_QUERIES,
  file_event: { classes: [EventClass.FILE], activities: FILE_WRITES, fields: 'file' },
  file_change: { classes: [EventClass.FILE], activities: FILE_WRITES.slice(1), fields: 'file' },
  file_delete: { classes: [EventClass.FILE], activities: [Activity.FILE_DELETED], fields: 'file' },
  process_termination: { classes: [EventClass.PROCESS], activities: [Activity.EXIT], fields: 'process' },
  // ---
  network_listening: { classes: [EventClass.NETWORK], activities: [Activity.LISTENING], fields: 'network' },
  authentication: { classes: [EventClass.AUTHENTICATION], fields: 'pam' },
  account: { classes: [EventClass.ACCOUNT], fields: 'pam' },
  host_state: { classes: [EventClass.HOST], fields: 'any' },
};

const logons = (services: readonly string[]): SourceRow => ({
  classes: [EventClass.AUTHENTICATION],
  services,
  fields: 'logon',
  sees: FACTS,
});

const SERVICES: Record<string, SourceRow> = {
  auditd: {
    classes: ALL,
    fields: 'audit',
    sees: 'programs run, files changed, connections, logons, accounts, services',
  },
  auth: { classes: [EventClass.AUTHENTICATION, EventClass.ACCOUNT], fields: 'pam', sees: FACTS },
  // OpenSSH 9.8 split the daemon; its parts log under their own names.
  sshd: logons(['sshd', 'sshd-session', 'sshd-auth', 'ssh']),
  sudo: { ...logons(['sudo', 'sudo-rs', 'sudoedit']), fields: 'sudo' },
  vsftpd: logons(['vsftpd']),
  cron: {
    ...logons(['cron', 'crond', 'CRON', 'anacron', 'atd', 'crontab', 'at']),
    sees: 'jobs and crontabs that PAM or cron refused; agents send no other lines of cron',
  },
  syslog: { classes: ALL, fields: 'any', lines: true, sees: FACTS },
  sysmon: { classes: [EventClass.PROCESS, EventClass.NETWORK, EventClass.FILE], fields: 'any' },
  connection: { ...CONNECTIONS, activities: [Activity.CONNECTION_OPENED, Activity.CONNECTION_CLOSED] },
  dns: DNS_QUERIES,
};

/** Log sources of Linux that rules ask for and no agent reads, by what would have to be read. */
const NOT_COLLECTED: Record<string, string> = {
  clamav: "ClamAV's log",
  guacamole: "Guacamole's log",
  webserver: "a web server's access log",
  proxy: "a proxy's log",
  firewall: "a firewall's log",
  antivirus: "an antivirus scanner's log",
  database: "a database's log",
  application: "an application's log",
};

/** What the log source of a rule means. */
export function readLogsource(document: LogsourceDocument): LogSource {
  const [category, product, service] = [document.category, document.product, document.service].map((part) =>
    part?.toLowerCase(),
  );
  const written = { category, product, service };
  const rows: SourceRow[] = [];
  const missing: string[] = [];
  if (product !== undefined && product !== 'linux')
    missing.push(`product "${product}" is not among the events we collect`);
  for (const [table, kind, name] of [
    [CATEGORIES, 'category', category],
    [SERVICES, 'service', service],
  ] as const) {
    if (name === undefined) continue;
    const row = Object.hasOwn(table, name) ? table[name] : undefined;
    if (row) rows.push(row);
    else missing.push(notCollected(kind, name));
  }
  const classes = ALL.filter((one) => rows.every((row) => row.classes.includes(one)));
  const activities = intersection(rows.flatMap((row) => (row.activities ? [row.activities] : [])));
  if (missing.length === 0 && (classes.length === 0 || activities?.length === 0)) {
    missing.push(`category "${category}" of service "${service}" is not among the events we collect`);
  }
  const found = missing.length === 0;
  return {
    ...written,
    classes: found ? classes : [],
    activities,
    services: rows.find((row) => row.services)?.services,
    fields: rows.find((row) => row.fields !== 'any')?.fields ?? 'any',
    lines: rows.some((row) => row.lines),
    sees: rows.find((row) => row.sees)?.sees ?? (rows.length === 0 ? EVERYTHING : undefined),
    missing: missing[0],
  };
}

/** Whether every event of `inner` is one of `outer`, by what both have written. */
export function covers(outer: LogSource, inner: LogSource): boolean {
  return (['category', 'product', 'service'] as const).every(
    (part) => outer[part] === undefined || outer[part] === inner[part],
  );
}

/** Throws RuleError `blind` where none of our events is of this source. */
export function refuseMissing(source: LogSource): void {
  if (source.missing) throw new RuleError('blind', source.missing, ['logsource']);
}

function notCollected(kind: string, name: string): string {
  const log = Object.hasOwn(NOT_COLLECTED, name) ? `: no sensor reads ${NOT_COLLECTED[name]}` : '';
  return `${kind} "${name}" is not among the events we collect${log}`;
}

function intersection(lists: readonly (readonly Activity[])[]): readonly Activity[] | undefined {
  const [first, ...rest] = lists;
  return first?.filter((one) => rest.every((list) => list.includes(one)));
}
