// What the dashboard and a hunt ask, with other values each time, and the same by hand.
import { AlertState, type FieldFilter, Severity } from '@threatguard/proto';
import type { Store } from '../../collector/src/store/store.ts';
import { AGENTS, ALERTS, agentId, agentName, END_US, START_US } from './query-fill.ts';

/** Rows of a page, as the console asks for them. */
const PAGE = 100;
const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;

export interface BenchQuery {
  name: string;
  /** `run` is the number of the repetition, from 0. */
  ask: (store: Store, run: number) => Promise<unknown>;
  /** The same in SQL, as a person would write it. */
  byHand: (run: number) => string;
}

/** A moment within the month, later ones as likely as earlier ones; the same for the same run. */
const moment = (run: number) => Math.trunc(START_US + DAY_US + (END_US - START_US - DAY_US) * ((run * 0.618034) % 1));
const at = (timeUs: number) => `to_timestamp(${timeUs / 1e6})`;
const select = (where: string) =>
  `select e.*, a.name from events e left join agents a on a.id = e.agent_id where ${where} order by event_at desc limit ${PAGE}`;

function search(name: string, filters: (run: number) => FieldFilter[], where: (run: number) => string): BenchQuery {
  return {
    name,
    ask: (store, run) => store.searchEvents({ filters: filters(run) }, PAGE, ''),
    byHand: (run) => select(where(run)),
  };
}

/** The same within a day: what `--since 24h` asks. */
function searchDay(name: string, filters: (run: number) => FieldFilter[], where: (run: number) => string): BenchQuery {
  const span = (run: number) => ({ sinceUs: moment(run) - DAY_US, untilUs: moment(run) });
  return {
    name: `${name}, one day`,
    ask: (store, run) => store.searchEvents({ filters: filters(run), ...span(run) }, PAGE, ''),
    byHand: (run) =>
      select(`${where(run)} and event_at >= ${at(span(run).sinceUs)} and event_at < ${at(span(run).untilUs)}`),
  };
}

const USERS = ['root', 'alice', 'bob', 'carol', 'www-data', 'postgres', 'deploy'];
const user = (run: number) => USERS[run % USERS.length]!;
const one = (field: string, value: string, negated = false) => [{ field, value, negated }];

export const EVENT_QUERIES: BenchQuery[] = [
  { name: 'newest page', ask: (store) => store.searchEvents({ filters: [] }, PAGE, ''), byHand: () => select('true') },
  {
    name: 'page deep within the month, by its cursor',
    ask: (store, run) => store.searchEvents({ filters: [] }, PAGE, `${moment(run)}.${agentId(0)}..0.0`),
    byHand: (run) => select(`event_at < ${at(moment(run))}`),
  },
  search(
    'user.name, often',
    (run) => one('user.name', user(run)),
    (run) => `user_name = '${user(run)}' and left(user_name, 64) = '${user(run)}'`,
  ),
  search(
    'user.name, seldom',
    (run) => one('user.name', `visitor${run % 100}`),
    (run) => `user_name = 'visitor${run % 100}' and left(user_name, 64) = 'visitor${run % 100}'`,
  ),
  search(
    'user.name that does not exist',
    (run) => one('user.name', `nobody${run}`),
    (run) => `user_name = 'nobody${run}' and left(user_name, 64) = 'nobody${run}'`,
  ),
  search(
    'source.ip',
    (run) => one('source.ip', `203.0.113.${run % 100}`),
    (run) => `source_ip = '203.0.113.${run % 100}'`,
  ),
  search(
    'source.ip in a /24',
    (run) => one('source.ip', `10.${run * 3}.7.0/24`),
    (run) => `source_ip <<= '10.${run * 3}.7.0/24'`,
  ),
  search(
    'source.ip in a /8',
    () => one('source.ip', '10.0.0.0/8'),
    () => `source_ip <<= '10.0.0.0/8'`,
  ),
  search(
    'agent.name',
    (run) => one('agent.name', agentName((run * 7) % AGENTS)),
    (run) => `e.agent_id = '${agentId((run * 7) % AGENTS)}'`,
  ),
  search(
    'agent.id',
    (run) => one('agent.id', agentId((run * 7) % AGENTS)),
    (run) => `e.agent_id = '${agentId((run * 7) % AGENTS)}'`,
  ),
  searchDay(
    'agent.name',
    (run) => one('agent.name', agentName((run * 7) % AGENTS)),
    (run) => `e.agent_id = '${agentId((run * 7) % AGENTS)}'`,
  ),
  search(
    'process.executable=*/python3',
    () => one('process.executable', '*/python3'),
    () => `process_executable like '%/python3'`,
  ),
  searchDay(
    'process.executable=/tmp/* (seldom)',
    () => one('process.executable', '/tmp/*'),
    () => `process_executable like '/tmp/%'`,
  ),
  search(
    'process.executable=/tmp/* (seldom)',
    () => one('process.executable', '/tmp/*'),
    () => `process_executable like '/tmp/%'`,
  ),
  search(
    'user.name is not root',
    () => one('user.name', 'root', true),
    () => `user_name <> 'root'`,
  ),
  search(
    'failed logins',
    () => [...one('event.category', 'authentication'), ...one('event.outcome', 'failure')],
    () => 'class = 1 and outcome = 2',
  ),
  searchDay(
    'process.pid',
    (run) => one('process.pid', String(2000 + run * 31)),
    (run) => `process_pid = ${2000 + run * 31}`,
  ),
  search(
    'process.pid',
    (run) => one('process.pid', String(2000 + run * 31)),
    (run) => `process_pid = ${2000 + run * 31}`,
  ),
  search(
    'process.executable=*/toolN (seldom)',
    (run) => one('process.executable', `*/tool${run % 100}`),
    (run) => `process_executable like '%/tool${run % 100}'`,
  ),
  search(
    'destination.port (seldom)',
    () => one('destination.port', '31337'),
    () => 'destination_port = 31337',
  ),
  search(
    'destination.port (often)',
    () => one('destination.port', '443'),
    () => 'destination_port = 443',
  ),
  searchDay(
    'process.command_line=*/N/state* (seldom)',
    (run) => one('process.command_line', `*/app/${run * 97}/state*`),
    (run) => `process_command_line like '%/app/${run * 97}/state%'`,
  ),
  search(
    'process.command_line=*nowhereN* (nothing)',
    (run) => one('process.command_line', `*nowhere${run}*`),
    (run) => `process_command_line like '%nowhere${run}%'`,
  ),
  searchDay(
    'user.name, process.executable=*/curl, not an agent',
    (run) => [
      ...one('user.name', user(run)),
      ...one('process.executable', '*/curl'),
      ...one('agent.name', agentName(run), true),
    ],
    (run) => `user_name = '${user(run)}' and process_executable like '%/curl' and a.name <> '${agentName(run)}'`,
  ),
  searchDay(
    'process.command_line=*state* and destination.port (nothing)',
    () => [...one('process.command_line', '*state*'), ...one('destination.port', '1')],
    () => `process_command_line like '%state%' and destination_port = 1`,
  ),
];

const ALERT_FILTERS: [string, (run: number) => Parameters<Store['alerts']>[0], (run: number) => string][] = [
  ['all', () => ({}), () => 'true'],
  ['critical', () => ({ severityMin: Severity.CRITICAL }), () => `severity >= ${Severity.CRITICAL}`],
  ['open', () => ({ state: AlertState.OPEN }), () => `state = ${AlertState.OPEN}`],
  [
    'of an agent',
    (run) => ({ agent: agentName((run * 7) % AGENTS) }),
    (run) => `agent_name = '${agentName((run * 7) % AGENTS)}'`,
  ],
  ['of a user', (run) => ({ user: `user${run * 5}` }), (run) => `'user${run * 5}' = any(user_names)`],
  [
    'of a technique',
    (run) => ({ technique: `T${1000 + (run % 40)}` }),
    (run) => `'T${1000 + (run % 40)}.001' = any(techniques)`,
  ],
  [
    'of a day',
    (run) => ({ sinceUs: moment(run) - DAY_US, untilUs: moment(run) }),
    (run) => `updated_at >= ${at(moment(run) - DAY_US)} and updated_at < ${at(moment(run))}`,
  ],
  ['of a user that does not exist', () => ({ user: 'nobody' }), () => `'nobody' = any(user_names)`],
];

const alertId = (run: number) => `01${((run * 397) % ALERTS).toString(32).padStart(8, '0')}`;

/** Ends with the last event; of the fleet, one host, one user, or one user on one host. */
function series(
  name: string,
  resolution: 'minute' | 'hour' | 'day',
  spanUs: number,
  of: readonly ('host' | 'user' | 'visitor')[] = [],
): BenchQuery {
  const fromUs = END_US - spanUs;
  const named = (run: number) => ({
    ...(of.includes('host') && { agentId: agentId((run * 7) % AGENTS) }),
    ...(of.includes('user') && { user: user(run) }),
    ...(of.includes('visitor') && { user: `visitor${run % 100}` }),
  });
  return {
    name: `series, ${name}`,
    ask: (store, run) => store.series({ resolution, fromUs, toUs: END_US, ...named(run) }),
    byHand: (run) => {
      const { agentId: agent, user: name } = named(run);
      const which = `${agent ? `and agent_id = '${agent}'` : ''} ${name ? `and user_name = '${name}'` : ''}`;
      return `select bucket, class, outcome, sum(events), sum(bytes) from series_${resolution}
       where bucket >= ${at(fromUs)} and bucket < ${at(END_US)} ${which} group by 1, 2, 3 order by 1, 2, 3`;
    },
  };
}

export const OTHER_QUERIES: BenchQuery[] = [
  series('an hour by minutes', 'minute', HOUR_US),
  series('a day by minutes', 'minute', DAY_US),
  series('a day by minutes, one host', 'minute', DAY_US, ['host']),
  series('a day by minutes, one user', 'minute', DAY_US, ['user']),
  series('a day by minutes, one user, seldom', 'minute', DAY_US, ['visitor']),
  series('a day by minutes, one user on one host', 'minute', DAY_US, ['host', 'user']),
  series('a day by hours', 'hour', DAY_US),
  series('a week by hours', 'hour', 7 * DAY_US),
  series('a week by hours, one host', 'hour', 7 * DAY_US, ['host']),
  series('a week by hours, one user', 'hour', 7 * DAY_US, ['user']),
  series('a month by days', 'day', 30 * DAY_US),
  series('a month by days, one user', 'day', 30 * DAY_US, ['user']),
  ...ALERT_FILTERS.map(([name, filter, where]) => ({
    name: `alerts, ${name}`,
    ask: (store: Store, run: number) => store.alerts(filter(run), PAGE, ''),
    byHand: (run: number) => `select * from alerts where ${where(run)} order by updated_at desc limit ${PAGE}`,
  })),
  {
    name: 'one alert with its events',
    ask: async (store, run) => {
      const [alert] = await store.alertsByIdPrefix(alertId(run));
      return { rows: await store.eventsByReference(alert?.events ?? []) };
    },
    byHand: (run) => `select * from alerts where id like '${alertId(run)}%'`,
  },
  {
    name: 'status: totals, losses and refusals',
    ask: (store) => store.totals(),
    byHand: () => 'select sum(events), sum(envelopes) from stream_positions',
  },
  {
    name: 'status: events and losses of each host',
    ask: (store) => store.agentTotals(),
    byHand: () => 'select agent_id, sum(events), sum(lost) from stream_positions group by agent_id',
  },
  {
    name: 'observed share of an agent over an hour',
    ask: (store, run) => store.observedRatio(agentId((run * 7) % AGENTS), moment(run) - HOUR_US, moment(run)),
    byHand: (run) =>
      `select count(*) from events where agent_id = '${agentId((run * 7) % AGENTS)}'
       and event_at between ${at(moment(run) - HOUR_US)} and ${at(moment(run))}`,
  },
];
