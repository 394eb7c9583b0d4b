// Which of our events a Sigma log source means: a table by category, a table by service. A rule is only ever evaluated
// for the event classes named here.
import { Activity, EventClass } from '@threatguard/proto';
import { allOf, type Predicate } from './predicate.ts';
import { RuleError } from './rule-error.ts';

export interface Logsource {
  category?: string | undefined;
  product?: string | undefined;
  service?: string | undefined;
}

interface SourceRow {
  classes: readonly EventClass[];
  activities?: readonly Activity[];
  /** Names the daemon goes by in logs. */
  services?: readonly string[];
}

const FILE_WRITES = [Activity.FILE_CREATED, Activity.FILE_MODIFIED, Activity.FILE_ATTRIBUTES];

/** The first three are Sigma's for Linux; those below the line are ours, for events Sigma has no category for. */
const CATEGORIES: Record<string, SourceRow> = {
  process_creation: { classes: [EventClass.PROCESS], activities: [Activity.EXEC] },
  network_connection: { classes: [EventClass.NETWORK], activities: [Activity.CONNECTION_OPENED] },
  file_event: { classes: [EventClass.FILE], activities: FILE_WRITES },
  // ---
  file_delete: { classes: [EventClass.FILE], activities: [Activity.FILE_DELETED] },
  network_listening: { classes: [EventClass.NETWORK], activities: [Activity.LISTENING] },
  authentication: { classes: [EventClass.AUTHENTICATION] },
  account: { classes: [EventClass.ACCOUNT] },
  host_state: { classes: [EventClass.HOST] },
};

const SERVICES: Record<string, SourceRow> = {
  auth: { classes: [EventClass.AUTHENTICATION, EventClass.ACCOUNT] },
  // OpenSSH 9.8 split the daemon; its parts log under their own names.
  sshd: { classes: [EventClass.AUTHENTICATION], services: ['sshd', 'sshd-session', 'sshd-auth', 'ssh'] },
  sudo: { classes: [EventClass.AUTHENTICATION], services: ['sudo'] },
};

/** The classes to evaluate the rule for, and what an event of them must have beside. Throws RuleError `unsupported`. */
export function compileLogsource(logsource: Logsource): {
  classes: readonly EventClass[];
  test: Predicate | undefined;
} {
  const { category, product, service } = logsource;
  if (product !== undefined && product !== 'linux') throw unsupported(`product "${product}"`);
  const rows: SourceRow[] = [];
  if (category !== undefined) rows.push(row(CATEGORIES, 'category', category));
  if (service !== undefined) rows.push(row(SERVICES, 'service', service));
  if (rows.length === 0) throw unsupported('a log source without category and service');

  const classes = rows[0]!.classes.filter((one) => rows.every((each) => each.classes.includes(one)));
  if (classes.length === 0) throw unsupported(`category "${category}" of service "${service}"`);
  const tests = rows.flatMap(rowTests);
  return { classes, test: tests.length > 0 ? allOf(tests) : undefined };
}

function row(table: Record<string, SourceRow>, kind: string, name: string): SourceRow {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!found) throw unsupported(`${kind} "${name}"`);
  return found;
}

function rowTests(source: SourceRow): Predicate[] {
  const tests: Predicate[] = [];
  const { activities, services } = source;
  if (activities) tests.push((view) => activities.includes(view.event.activity ?? 0));
  if (services) tests.push((view) => services.includes(view.event.serviceName ?? ''));
  return tests;
}

function unsupported(what: string): RuleError {
  return new RuleError('unsupported', `${what} is not among the events we collect`, ['logsource']);
}
