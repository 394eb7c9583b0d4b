// Pictures of every view for the READMEs: starts a demonstration, opens the real dashboard in a terminal of 100x30 at each
// view, and writes what stands there to console/captures. `npm run captures`, or `npm run captures -- --home DIR` with the home
// of a demonstration that runs.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { VIEWS } from '../../console/src/ui/dashboard/views/index.ts';
import { ansiToSvg } from './ansi-svg.ts';
import { ROOT } from './source-files.ts';
import { TmuxConsole } from './tmux.ts';
import { until } from './until.ts';

const SIZE = { columns: 100, rows: 30 };
const START_MS_MAX = 600_000;
/** A screen that stays as it is for this long has all it asked for. */
const STILL_MS = 700;
const LOOKS_MAX = 40;
const BIN = join(ROOT, 'console', 'bin', 'threatguard.js');
const NODE = ['--disable-warning=ExperimentalWarning', BIN];
const DIRECTORY = join(ROOT, 'console', 'captures');

/** What is read here of what the commands list. */
interface Listed {
  id?: string;
  title?: string;
  'event.id'?: string;
  rule?: { id: string };
  action?: string;
  sequence?: number;
}

/** What is looked at where a view is of one thing: found by the commands that list such things. */
function placesOf(home: string): Record<string, string> {
  const ask = (...args: string[]) =>
    JSON.parse(
      execFileSync(process.execPath, [...NODE, ...args, '--home', home, '--output', 'json'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as Listed[];
  const alerts = ask('alerts', 'list', '--limit', '500');
  const of = (title: string) => alerts.find((alert) => alert.title === title)!;
  const story = ask('incidents', 'list').find((incident) => JSON.stringify(incident).includes('demo-web-1'))!;
  const [shell] = ask('events', 'search', 'process.executable:/usr/bin/bash', 'host.name:demo-web-1', '--limit', '1');
  const change = ask('audit', 'list', '--limit', '100').find(({ action }) => action === 'alert.close');
  const [exception] = ask('alerts', 'exceptions', 'list');
  return {
    alert: `alert ${of('Shell with its input or output on a network socket').id}`,
    except: `except ${of('Download piped into a shell').id}`,
    exception: `exception ${exception!.id}`,
    indicator: 'indicator 198.51.100.66',
    model: 'model isolation-forest 1',
    incident: `incident ${story.id}`,
    entity: 'entity host demo-web-1',
    events: 'events host.name:demo-web-1',
    event: `event ${shell!['event.id']}`,
    about: 'about source.ip:203.0.113.45',
    hunt: 'hunt user:www-data and exe:*/dash | count by host.name, process.parent.executable',
    rule: `rule ${of('SSH brute force').rule!.id}`,
    agent: 'agent demo-db-2',
    entry: `entry ${change?.sequence ?? 1}`,
  };
}

async function capture(view: string, start: string, home: string): Promise<void> {
  const env = { THREATGUARD_HOME: home, TZ: 'UTC', LANG: 'C.UTF-8', XDG_CONFIG_HOME: join(home, 'captures') };
  using terminal = new TmuxConsole(['dashboard', '--readonly', start], { ...SIZE, env });
  await terminal.shows('DEMO');
  let before = '';
  for (let look = 0; look < LOOKS_MAX; look++) {
    await wait(STILL_MS);
    const screen = terminal.screen();
    if (screen === before && !screen.includes('asking the collector')) break;
    before = screen;
  }
  const title = `ThreatGuard dashboard, ${view}: demo data`;
  writeFileSync(join(DIRECTORY, `${view}.svg`), ansiToSvg(terminal.colouredScreen(), { ...SIZE, title }));
  console.error(`  ${view}.svg`);
}

/** A demonstration of its own, gone afterwards. */
async function startDemo(home: string): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, [...NODE, 'up', '--demo', '--home', home, '--output', 'json'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let ready = false;
  createInterface({ input: child.stderr }).on('line', (line) => {
    console.error(line);
    ready ||= line.includes('DEMO: everything is invented');
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await until(() => ready || child.exitCode !== null, { limitMs: START_MS_MAX, what: () => 'the demonstration' });
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

const given = parseArgs({ options: { home: { type: 'string' } } }).values.home;
const home = given ?? mkdtempSync(join(tmpdir(), 'threatguard-captures-'));
try {
  await using _ = given ? undefined : await startDemo(home);
  mkdirSync(DIRECTORY, { recursive: true });
  const places = placesOf(home);
  for (const { name } of VIEWS) await capture(name, places[name] ?? name, home);
} finally {
  if (!given) rmSync(home, { recursive: true, force: true });
}
