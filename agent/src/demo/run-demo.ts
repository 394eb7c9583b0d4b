// A fleet that does not exist, for somebody who wants to see what ThreatGuard shows: enrols its hosts, replays a week with
// attacks in it, and goes on as it happens. The collector must be one for demonstrations (`demo: true`).
//
// HOME/demo.json holds seed and end of the week. The n-th envelope of a host is its n-th act: a replay that was interrupted
// goes on where it was, as far as each agent's spool knows.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { enrol } from '../identity/enrol.ts';
import { isEnrolled } from '../identity/identity-files.ts';
import { HOSTS } from './cast.ts';
import { DemoAgent, inventedMarks } from './demo-agent.ts';
import { HOUR_US, ordinaryHour } from './ordinary.ts';
import type { StagedEvent } from './stage.ts';
import { type Act, actOf, inTime, RECURRING, tellStory, WEEK_HOURS, weekActs } from './week.ts';

/** Agents enrol beside each other, within what a collector allows an address. */
const ENROL_AT_ONCE = 4;
/** How often what happened meanwhile is sent. */
const LIVE_MS = 1_000;
/** Between attacks while it runs on: seldom enough to be read. */
const LIVE_STORY_US = 100_000_000;
/** Progress is told so often, in parts of the week. */
const TOLD_EVERY = 0.1;

export interface DemoOptions {
  home: string;
  /** HOST:PORT */
  collector: string;
  /** Enrols all hosts; not needed once they are. */
  token: string | undefined;
  seed: number;
  /** End of the week; only asked where none was begun in this home. */
  endUs: number;
  /** Ends after the week instead of going on. */
  once: boolean;
  log: Logger;
  stop: AbortSignal;
}

interface DemoState {
  seed: number;
  endUs: number;
}

/** Runs until `stop`, or the end of the week with `once`. Throws EnrolError where hosts cannot be enrolled. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { home, collector, log, stop } = options;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const state = readState(options);
  await enrolAll(options);
  await using agents = new AsyncDisposableStack();
  const byName = new Map<string, DemoAgent>();
  for (const host of HOSTS) {
    const told = log.child({ host: host.name }, { level: 'warn' });
    const agent = await DemoAgent.open({ home: join(home, host.name), host, collector, log: told });
    byName.set(host.name, agents.use(agent));
  }
  try {
    await replay(state, byName, options);
    log.info({ hosts: HOSTS.length }, 'ready');
    if (!options.once) await goOn(state.seed, byName, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}

function readState({ home, seed, endUs }: DemoOptions): DemoState {
  const file = join(home, 'demo.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as DemoState;
  const state = { seed, endUs };
  writeFileSync(file, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  return state;
}

async function enrolAll({ home, collector, token, log, stop }: DemoOptions): Promise<void> {
  const missing = HOSTS.filter(({ name }) => !isEnrolled(join(home, name)));
  if (missing.length === 0) return;
  log.info({ hosts: missing.length }, 'enrolling');
  const enrolSome = async () => {
    for (let host = missing.pop(); host && !stop.aborted; host = missing.pop()) {
      const { name } = host;
      await enrol({
        home: join(home, name),
        collector,
        token: token ?? '',
        name,
        ...inventedMarks(host),
        force: false,
        demo: true,
      });
    }
  };
  await Promise.all(Array.from({ length: ENROL_AT_ONCE }, enrolSome));
  stop.throwIfAborted();
}

async function replay(
  { seed, endUs }: DemoState,
  agents: ReadonlyMap<string, DemoAgent>,
  { log, stop }: DemoOptions,
): Promise<void> {
  const before = new Map([...agents].map(([name, { sequence }]) => [name, sequence]));
  const told = new Map<string, number>();
  let nextShare = TOLD_EVERY;
  for (const act of weekActs(seed, endUs)) {
    const fresh = new Map<string, StagedEvent['event'][]>();
    for (const [host, events] of act.byHost) {
      const number = (told.get(host) ?? 0) + 1;
      told.set(host, number);
      if (number > before.get(host)!) fresh.set(host, events);
    }
    if (fresh.size > 0) await send({ ...act, byHost: fresh }, agents, stop);
    const share = 1 - (endUs - act.endUs) / (WEEK_HOURS * HOUR_US);
    if (share < nextShare) continue;
    if (fresh.size > 0) log.info({ percent: Math.round(share * 100) }, 'replaying');
    nextShare = share + TOLD_EVERY;
  }
}

/** In acts: what one host sends is not judged long before what another did at the same time. */
async function send(act: Act, agents: ReadonlyMap<string, DemoAgent>, stop: AbortSignal): Promise<void> {
  for (const [host, events] of act.byHost) agents.get(host)!.send(events);
  for (const host of act.byHost.keys()) await agents.get(host)!.settled(stop);
}

/** As it happens: what is due since the last look, and now and then an attack. */
async function goOn(seed: number, agents: ReadonlyMap<string, DemoAgent>, stop: AbortSignal): Promise<void> {
  let sinceUs = Date.now() * 1000;
  let storyUs = sinceUs + LIVE_STORY_US / 4;
  let stories = 0;
  let planned: StagedEvent[] = [];
  let hourUs = 0;
  for (;;) {
    await wait(LIVE_MS, undefined, { signal: stop });
    const nowUs = Date.now() * 1000;
    const presentUs = Math.floor(nowUs / HOUR_US) * HOUR_US;
    if (presentUs !== hourUs) {
      planned.push(...ordinaryHour(seed, presentUs).filter(({ event }) => event.observedAtUs! >= sinceUs));
      hourUs = presentUs;
    }
    if (nowUs >= storyUs) {
      planned.push(...tellStory(RECURRING[stories++ % RECURRING.length]!, seed, nowUs));
      storyUs = nowUs + LIVE_STORY_US;
    }
    const due = planned.filter(({ event }) => event.observedAtUs! <= nowUs).sort(inTime);
    planned = planned.filter(({ event }) => event.observedAtUs! > nowUs);
    await send(actOf(due, nowUs), agents, stop);
    sinceUs = nowUs;
  }
}
