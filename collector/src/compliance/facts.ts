// What is measured for reports: each fact is one statement over one span of time, whose text stands in the report. $1 and
// $2 are the span. A row is a label and a value.

export interface Fact {
  title: string;
  sql: string;
}

const inSpan = (column: string) => `${column} >= $1::timestamptz and ${column} < $2::timestamptz`;
/** Series count by the hour: the hour the span begins in is counted from its beginning. */
const HOURS = "bucket >= date_trunc('hour', $1::timestamptz) and bucket < $2::timestamptz";
const seconds = (of: string) => `coalesce(round((extract(epoch from ${of}))::numeric), 0)::text || ' s'`;
const percentile = (share: number, of: string) => `percentile_cont(${share}) within group (order by ${of})`;
const day = (column: string) => `coalesce(to_char(${column}, 'YYYY-MM-DD HH24:MI'), 'none')`;
const count = (label: string, from: string) => `select '${label}' as label, count(*)::text as value from ${from}`;
const actions = (label: string, pattern: string) =>
  count(label, `audit where ${inSpan('at')} and action ~ '${pattern}'`);
const activity = (rows: readonly [string, string][]) =>
  rows
    .map(([label, condition]) => count(label, `events where ${inSpan('event_at')} and ${condition}`))
    .join('\n  union all ');

export const FACTS = {
  authentication: {
    title: 'Authentication, by outcome',
    sql: `select case outcome when 1 then 'succeeded' when 2 then 'failed' else 'unknown' end as label, sum(events)::text as value
  from fleet_hour where ${HOURS} and class = 1 group by outcome order by outcome`,
  },
  failing_users: {
    title: 'User names with most failed authentication',
    sql: `select user_name as label, sum(events)::text as value from user_hour
  where ${HOURS} and class = 1 and outcome = 2 and user_name <> '' group by user_name order by sum(events) desc limit 10`,
  },
  privileged: {
    title: 'Use of privileges (sudo, su, doas, polkit)',
    sql: activity([
      ['succeeded', 'class = 1 and activity = 3 and outcome = 1'],
      ['failed', 'class = 1 and activity = 3 and outcome = 2'],
      ['logons of root', "class = 1 and activity = 1 and outcome = 1 and user_name = 'root'"],
    ]),
  },
  accounts: {
    title: 'Changes of accounts and groups on hosts',
    sql: activity([
      ['users created', 'class = 5 and activity = 40'],
      ['users deleted', 'class = 5 and activity = 41'],
      ['users modified', 'class = 5 and activity = 42'],
      ['groups changed', 'class = 5 and activity in (43, 44, 45)'],
      ['passwords changed', 'class = 5 and activity = 46'],
    ]),
  },
  files: {
    title: 'Changes of watched files on hosts',
    sql: activity([
      ['created', 'class = 4 and activity = 30'],
      ['modified', 'class = 4 and activity = 31'],
      ['deleted', 'class = 4 and activity = 32'],
      ['owner or mode', 'class = 4 and activity = 33'],
    ]),
  },
  host_audit: {
    title: 'Kernel audit of hosts switched or its rules changed',
    sql: activity([['events', 'class = 6 and activity = 53']]),
  },
  events: {
    title: 'Events collected, by class',
    sql: `select case class when 1 then 'authentication' when 2 then 'process' when 3 then 'network' when 4 then 'file'
    when 5 then 'account' when 6 then 'host' else 'other' end as label, sum(events)::text as value
  from fleet_hour where ${HOURS} group by class order by class`,
  },
  losses: {
    title: 'Events lost and counted, by reason',
    sql: `select label, value from (
    select 0 as place, 'share of all events' as label, coalesce(round(100.0 * lost / nullif(lost + seen, 0), 4), 0)::text || ' %' as value from
      (select coalesce(sum(count), 0) as lost from losses where ${inSpan('last_at')}) l,
      (select coalesce(sum(events), 0) as seen from fleet_hour where ${HOURS}) e
    union all select 1, sensor || ': ' || reason, sum(count)::text from losses where ${inSpan('last_at')} group by sensor, reason
  ) r order by place, label limit 21`,
  },
  refusals: {
    title: 'Envelopes refused, since they were first counted, by reason',
    sql: 'select code as label, sum(count)::text as value from refusals group by code order by code limit 40',
  },
  agents: {
    title: 'Hosts under observation',
    sql: `select 'enrolled' as label, count(*) filter (where revoked_at is null)::text as value from agents
  union all select 'revoked', count(*) filter (where revoked_at is not null)::text from agents
  union all select 'enrolled within the time', count(*) filter (where ${inSpan('enrolled_at')})::text from agents
  union all select 'not heard of for a day at its end', count(*) filter (where revoked_at is null
    and coalesce(last_seen_at, enrolled_at) < $2::timestamptz - interval '1 day')::text from agents`,
  },
  audit: {
    title: 'Entries of the audit log of this system',
    sql: `${actions('all', '.')}
  union all ${actions('personal data read', '^(events|alert|alerts|entities|incident|incidents|evidence|subject|audit)\\.(searched|viewed|listed|watched|exported)')}
  union all ${actions('agents and tokens', '^(agent|token)\\.')}
  union all ${actions('keys and certificates', '^(kem_key|kem_rotation|ca)\\.')}
  union all ${actions('rules, exceptions and budgets', '^(rule|exception|alert_budget|budget)')}
  union all select 'newest', ${day('max(at)')} from audit`,
  },
  heads: {
    title: 'Signed heads of the tree of evidence, each over all before it and the audit log',
    sql: `select 'signed' as label, count(*)::text as value from tree_heads where ${inSpan('signed_at')}
  union all select 'longest time between two', coalesce(max(gap)::text, 'none') from
    (select signed_at - lag(signed_at) over (order by number) as gap from tree_heads where ${inSpan('signed_at')}) g
  union all select 'newest', ${day('max(signed_at)')} from tree_heads where signed_at < $2::timestamptz`,
  },
  retention: {
    title: 'Oldest of what is kept',
    sql: `select 'events' as label, ${day('min(event_at)')} as value from events
  union all select 'envelopes (evidence)', ${day('min(received_at)')} from envelopes
  union all select 'alerts', ${day('min(raised_at)')} from alerts
  union all select 'audit log', ${day('min(at)')} from audit`,
  },
  holds: {
    title: 'Legal holds',
    sql: `select 'in force at its end' as label, count(*)::text as value from holds
    where made_at < $2::timestamptz and (removed_at is null or removed_at >= $2::timestamptz)
  union all ${actions('added', '^hold\\.added$')} union all ${actions('removed', '^hold\\.removed$')}`,
  },
  subjects: {
    title: 'Requests of persons',
    sql: `${actions('exports', '^subject\\.exported$')}
  union all ${actions('erasures begun', '^subject\\.erasure_begun$')}
  union all ${actions('erasures finished', '^subject\\.erased$')}
  union all ${count('payloads erased', `erased_payloads where ${inSpan('erased_at')}`)}`,
  },
  keys: {
    title: "Generations of the fleet's ML-KEM key, and their rotation",
    sql: `select 'epoch ' || epoch || ' (' || algorithm || ')' as label, state || ', made ' || ${day('created_at')} ||
    coalesce(', destroyed ' || to_char(destroyed_at, 'YYYY-MM-DD'), '') as value
    from (select * from keys order by epoch desc limit 10) k
  union all ${count('rotations finished', `rotations where phase = 'done' and ${inSpan('ended_at')}`)}
  union all ${count('rotations for a compromised key', `rotations where compromised and ${inSpan('started_at')}`)}
  union all select 'schedule', coalesce((select every_seconds / 86400 || ' days' from rotation_schedule limit 1), 'none')`,
  },
  transport: {
    title: 'Protection of the newest session of each host',
    sql: `select tls_protocol || ', ' || tls_group || ', ' || signature_algorithm as label, count(*)::text || ' hosts' as value from
    (select distinct on (agent_id) * from agent_sessions order by agent_id, last_at desc) s
  group by 1 order by 1 limit 20`,
  },
  certificates: {
    title: 'Certificates',
    sql: `select 'first to expire, of agents' as label, ${day('min(certificate_expires_at)')} as value from agents where revoked_at is null
  union all ${actions('agents renewed', '^agent\\.renewed$')}
  union all ${actions('agent keys rotated', '^agent\\.key_rotated$')}
  union all ${actions('CA rotated or retired', '^ca\\.')}`,
  },
  operators: {
    title: 'Consoles that may see and change everything',
    sql: `select name as label, 'last seen ' || ${day('max(last_seen_at)')} as value from console_certificates
  group by name order by name limit 50`,
  },
  alerts: {
    title: 'Alerts raised, by severity and what became of them',
    sql: `select case severity when 5 then 'critical' when 4 then 'high' when 3 then 'medium' when 2 then 'low' else 'informational' end
    || case state when 3 then ', closed' when 2 then ', acknowledged' else ', open' end as label, count(*)::text as value
  from alerts where ${inSpan('raised_at')} group by severity, state order by severity desc, state`,
  },
  handling: {
    title: 'Times of handling, of alerts raised within the time',
    sql: `select 'event to alert, median' as label, ${seconds(percentile(0.5, 'raised_at - least(first_at, raised_at)'))} as value
    from alerts where ${inSpan('raised_at')}
  union all select 'event to alert, 95 of 100', ${seconds(percentile(0.95, 'raised_at - least(first_at, raised_at)'))} from alerts where ${inSpan('raised_at')}
  union all select 'alert to closed, median', ${seconds(percentile(0.5, 'updated_at - raised_at'))} from alerts where ${inSpan('raised_at')} and state = 3
  union all ${count('still open after 24 hours', `alerts where ${inSpan('raised_at')} and state <> 3 and raised_at < $2::timestamptz - interval '1 day'`)}`,
  },
  incidents: {
    title: 'Incidents, by state',
    sql: `select state as label, count(*)::text as value from incidents where ${inSpan('raised_at')} group by state order by state`,
  },
  exceptions: {
    title: 'Exceptions: what is recorded and does not alert',
    sql: `select 'in force at its end' as label, count(*)::text as value from exceptions
    where made_at < $2::timestamptz and (removed_at is null or removed_at >= $2::timestamptz)
      and (expires_at is null or expires_at >= $2::timestamptz)
  union all select 'detections hidden by all of them', coalesce(sum(hidden), 0)::text from exceptions`,
  },
} as const satisfies Record<string, Fact>;

/** Not a statement: the chain is read from end to end. */
export const CHAIN_FACT = 'audit_chain';
/** Not a statement: what collector.yaml says. */
export const SETTINGS_FACT = 'retention_settings';

export type FactId = keyof typeof FACTS | typeof CHAIN_FACT | typeof SETTINGS_FACT;
