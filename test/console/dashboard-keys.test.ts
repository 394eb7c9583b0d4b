import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlertState, AlertVerdict, TriageAction } from '@threatguard/proto';
import type { Key } from 'ink';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ConsoleError } from '../../console/src/model/console-error.ts';
import { rowFilter } from '../../console/src/model/row-filter.ts';
import { LIVE_ALERTS_MAX, LiveAlerts } from '../../console/src/services/live-alerts.ts';
import { clipboardSequence } from '../../console/src/ui/dashboard/clipboard.ts';
import { DashboardState } from '../../console/src/ui/dashboard/dashboard-state.ts';
import { BINDINGS, paste } from '../../console/src/ui/dashboard/key-map.ts';
import { placeState } from '../../console/src/ui/dashboard/place-state.ts';
import { VIEWS } from '../../console/src/ui/dashboard/views/index.ts';
import { keyNames } from '../../console/src/ui/key-name.ts';
import { showDashboard } from '../support/dashboard.ts';
import { until } from '../support/until.ts';
import { filledSource, SHELL, STATUS } from './dashboard-samples.ts';
import { alert, NOW_US } from './samples.ts';

const ALERTS = { view: 'alerts', arg: '' };
const directory = mkdtempSync(join(tmpdir(), 'threatguard-views-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('what is typed after /', () => {
  const rows = [`web-1 ${'a'.repeat(60)}!`, 'web-2 b', 'db-1 c'];
  it.each([
    ['web', [true, true, false]],
    ['WEB 2', [false, true, false]],
    ['!web', [false, false, true]],
    ['/^(web|db)-1/', [true, false, true]],
    ['!/-1/', [false, true, false]],
    ['/', [true, true, true]],
  ])('%s chooses', (typed, passing) => {
    expect(rowFilter(typed)).toMatchObject({ problem: '' });
    expect(rowFilter(typed).passing(rows)).toEqual(passing);
  });

  it('says what is no expression, and ends one that would go on for ever; neither hides anything', async () => {
    for (const [typed, problem] of [
      ['/(/', 'not a regular expression yet'],
      ['/(a+)+$/', 'takes too long'],
    ] as const) {
      expect(rowFilter(typed).passing(rows)).toEqual([true, true, true]);
      expect(rowFilter(typed).problem).toContain(problem);
    }
    using shown = showDashboard({ source: filledSource(), start: ALERTS });
    await shown.shows('Interactive shell');
    shown.press('/');
    shown.type('/(/');
    await shown.shows(/filter \/\/\(\/: not a regular expression yet/);
    expect(shown.frame()).toContain('Interactive shell');
  });
});

describe('going about', () => {
  it('by command, alias, completion and enter, and back by esc, with crumbs', async () => {
    using shown = showDashboard({ source: filledSource(), status: STATUS });
    await shown.shows('Highest risk');
    shown.press(':', 'a', 'l', 'e');
    expect(shown.frame()).toMatch(/:ale_ +alerts alert/);
    shown.press('tab', 'enter');
    await shown.shows('Interactive shell');
    shown.press('enter');
    await shown.shows('overview > alerts > alert 01kb4');
    shown.press('esc', 'esc');
    expect(shown.dashboard.state.top.place.view).toBe('overview');
    shown.press(':');
    shown.type('ag');
    await shown.shows('db-1');
    shown.press(':');
    shown.type('entity user root@web-1');
    await shown.shows('Risk in 7 days');
  });

  it('to all events where nothing is said of them', async () => {
    using shown = showDashboard({ source: filledSource(), start: ALERTS, columns: 160 });
    shown.press(':');
    shown.type('events');
    await shown.shows('SUMMARY');
    shown.press('y');
    expect(shown.frame()).toContain('  threatguard events search --since 24h --limit 500');
  });

  it('says what it takes, and what was meant', () => {
    using shown = showDashboard({ source: filledSource() });
    for (const [typed, said] of [
      ['alrets', 'there is no view "alrets"; did you mean "alerts"?'],
      ['alert', ':alert needs an id, or how it begins'],
      ['entity', ':entity needs a kind and a name'],
    ]) {
      shown.press(':');
      shown.type(typed!);
      expect(shown.frame()).toContain(said);
    }
    shown.press(':');
    shown.type('q');
    shown.press('q', 'ctrl-c');
    expect(shown.quits()).toBe(3);
  });

  it('by history, with up and down', () => {
    using shown = showDashboard({ source: filledSource() });
    for (const typed of ['alerts', 'agents']) {
      shown.press(':');
      shown.type(typed);
    }
    shown.press(':', 'up', 'up');
    expect(shown.frame()).toContain(':alerts_');
    shown.press('down', 'down');
    expect(shown.frame()).toContain(':_');
  });

  it('from a value to everything about it', async () => {
    using shown = showDashboard({ source: filledSource(), start: ALERTS });
    await shown.shows('Interactive shell');
    shown.press('g');
    expect(shown.frame()).toMatch(/1 {2}user root[\s\S]*2 {2}address 198.51.100.7[\s\S]*4 {2}host web-1/);
    shown.press('2');
    await shown.shows('about source.ip:198.51.100.7');
    await shown.shows('Newest events');
  });
});

describe('the line below', () => {
  it('keeps the answer to a key from notes until it can have been read', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      using shown = showDashboard({ source: filledSource(), start: ALERTS, readonly: true });
      shown.press('a');
      shown.dashboard.note('lost NATS');
      shown.dashboard.tick();
      expect(shown.frame()).toContain('this console may not ack');
      vi.advanceTimersByTime(6_000);
      shown.dashboard.tick();
      expect(shown.frame()).toContain('lost NATS');
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes keys of one chunk one by one, pasted text as a line, and neither for the other', () => {
    using shown = showDashboard({ source: filledSource() });
    for (const name of keyNames(':agents\r/db 1\t\u0015x\u2028\u0007', {} as Key)) shown.press(name);
    expect(shown.dashboard.state.top.place.view).toBe('agents');
    expect(shown.frame()).toContain('/x ');
    paste(shown.dashboard, 'rm\r\n-rf\u001b[2J\u202e /');
    expect(shown.frame()).toContain('/x rm -rf[2J /_');
    shown.press('esc');
    paste(shown.dashboard, 'q');
    expect(shown.quits()).toBe(0);
    expect(shown.frame()).toContain('nothing here takes pasted text');
  });
});

describe('a list', () => {
  it.each([
    ['text', 'brute', ['SSH brute force']],
    ['several words', 'web-1 shell', ['Interactive shell']],
    ['what has it not', '!brute', ['Interactive shell']],
    ['a regular expression', '/^.*\\bSSH\\b/', ['SSH brute force']],
    ['an inverse one', '!/SSH/', ['Interactive shell']],
    ['one that is none yet', '/(', ['Interactive shell', 'SSH brute force']],
  ])('is filtered by %s', async (_, typed, titles) => {
    using shown = showDashboard({ source: filledSource(), start: ALERTS, columns: 160 });
    await shown.shows('Interactive shell');
    shown.press('/');
    shown.type(typed);
    for (const title of ['Interactive shell', 'SSH brute force']) {
      if (titles.includes(title)) expect(shown.frame()).toContain(title);
      else expect(shown.frame()).not.toContain(title);
    }
    shown.press('esc');
    expect(shown.frame()).toContain('SSH brute force');
  });

  it('of alerts has the one raised last first, and a change moves none', async () => {
    const source = filledSource();
    source.alerts.add(alert({ id: '01kb8', title: 'just now', raisedAtUs: NOW_US + 60_000_000 }));
    const before = alert({ id: '01kb9', title: 'came late', raisedAtUs: NOW_US - 60_000_000 });
    source.alerts.add(before);
    source.alerts.add({ ...before, revision: 2, updatedAtUs: NOW_US + 90_000_000, lastAtUs: NOW_US + 90_000_000 });
    using shown = showDashboard({ source, start: ALERTS });
    const frame = await shown.shows('came late');
    expect(frame.indexOf('just now')).toBeLessThan(frame.indexOf('SSH brute force'));
    expect(frame.indexOf('SSH brute force')).toBeLessThan(frame.indexOf('came late'));
  });

  it('is sorted by one column after the other, each both ways', async () => {
    using shown = showDashboard({ source: filledSource(), start: ALERTS, columns: 160 });
    await shown.shows('Interactive shell');
    const first = () => shown.frame().split('\n')[3]!;
    const sorted = new Map<string, string>();
    for (let step = 0; step < 24; step++) {
      shown.press('s');
      sorted.set(shown.frame().split('\n').at(-2)!.trim(), first());
    }
    expect(sorted.get('by SEVERITY, most first')).toContain('Interactive shell');
    expect(sorted.get('by SEVERITY, least first')).toContain('SSH brute force');
  });

  it('keeps the selected row where it is while others come, and wide shows every column', async () => {
    using shown = showDashboard({ source: filledSource(), start: ALERTS, columns: 160 });
    await shown.shows('> ');
    shown.press('down');
    expect(shown.frame()).toMatch(/>.*SSH brute/);
    for (let at = 0; at < 40; at++)
      shown.dashboard.addAlert(alert({ id: `n${at}`, title: `New ${at}`, updatedAtUs: NOW_US + 10 + at }));
    shown.dashboard.tick();
    await shown.shows(/42\/42/);
    expect(shown.frame()).toMatch(/>.*SSH brute/);
    shown.press('w');
    expect(shown.frame()).toContain('TECHNIQUE');
  });

  it('is saved with its filter and order, and comes back by its name', async () => {
    const savedIn = join(directory, 'saved');
    {
      using shown = showDashboard({ source: filledSource(), start: ALERTS, savedIn });
      await shown.shows('Interactive shell');
      shown.press('/');
      shown.type('brute');
      shown.press('ctrl-s');
      shown.type('alerts');
      expect(shown.frame()).toContain('"alerts" is a view of its own');
      shown.press('ctrl-s');
      shown.type('mine');
      await shown.shows('saved: :mine');
    }
    expect(JSON.parse(readFileSync(join(savedIn, 'views.json'), 'utf8'))).toMatchObject({
      mine: { view: 'alerts', filter: 'brute' },
    });
    using shown = showDashboard({ source: filledSource(), savedIn });
    shown.press(':');
    shown.type('mine');
    await shown.shows('SSH brute force');
    expect(shown.frame()).not.toContain('Interactive shell');
  });
});

describe('an act', () => {
  it('on an alert asks for a verdict and why, says what was seen, and shows what became of it', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: ALERTS });
    await shown.shows('Interactive shell');
    shown.press('c');
    expect(shown.frame()).toMatch(/close this alert as[\s\S]*t {2}true positive/);
    shown.press('t');
    shown.type('seen on disk');
    await shown.shows('alert closed');
    expect(source.calls.find(({ method }) => method === 'actOnAlerts')!.request).toEqual({
      targets: [{ id: SHELL.id, triageVersion: 0 }],
      action: TriageAction.CLOSE,
      verdict: AlertVerdict.TRUE_POSITIVE,
      text: 'seen on disk',
    });
    await shown.shows(/closed +web-1/);
    expect(source.alerts.find(SHELL.id!)!.state).toBe(AlertState.CLOSED);
  });

  it('is upon what the list keeps of an alert, which is not the whole of it', () => {
    const kept = new LiveAlerts();
    const whole = alert({
      modelReason: { votes: [] },
      triage: { probability: 0.9, modelVersion: 3, sentence: 's' },
    });
    kept.add({
      ...whole,
      events: Array.from({ length: 64 }, (_, index) => ({ agentId: 'a', sequence: index, index })),
    });
    const { events: _, modelReason: __, ...rest } = whole;
    expect(kept.find(whole.id!)).toEqual({ ...rest, triage: { probability: 0.9, modelVersion: 3 } });
  });

  it('on the marked ones is one request, and a refusal names whose', async () => {
    const source = filledSource({
      actOnAlerts: async ({ targets = [] }) => [
        { id: targets[0]!.id!, alert: SHELL },
        { id: targets[1]!.id!, refusal: 'conflict', message: 'changed meanwhile by bob: close at 10:00' },
      ],
    });
    using shown = showDashboard({ source, start: ALERTS, columns: 160 });
    await shown.shows('Interactive shell');
    shown.press('space', 'space');
    expect(shown.frame()).toContain('2 marked');
    shown.press('a');
    await shown.shows('1 of 2 not acknowledged: 01kb3x8m5r: changed meanwhile by bob');
    expect(source.calls.filter(({ method }) => method === 'actOnAlerts')).toHaveLength(1);
  });

  it('that cannot be taken back wants its name typed', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: { view: 'agents', arg: '' } });
    await shown.shows('db-1');
    shown.press('X');
    shown.type('web-2');
    expect(shown.frame()).toContain('left as it is: that is not "web-1"');
    shown.press('X');
    shown.type('web-1');
    await shown.shows('revoked web-1; its stream was ended');
    expect(source.calls.filter(({ method }) => method === 'revokeAgent')).toHaveLength(1);
  });

  it('is refused where the console is read-only, and left off by esc', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: ALERTS, readonly: true });
    await shown.shows('Interactive shell');
    shown.press('c');
    expect(shown.frame()).toContain('read-only: this console may not close');
    using other = showDashboard({ source, start: ALERTS });
    await other.shows('Interactive shell');
    other.press('c', 'esc', 'A', 'esc', 'O', 'n');
    expect(source.calls.map(({ method }) => method)).not.toContain('actOnAlerts');
  });
});

describe('who is logged in', () => {
  it('does what the role allows and no more, from the moment that is known', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: ALERTS });
    await shown.shows('Interactive shell');
    const acts = () => {
      shown.press('c');
      const frame = shown.frame();
      shown.press('esc');
      return frame;
    };
    shown.dashboard.setWho({ title: '', scopes: new Set() });
    expect(acts()).toContain('read-only until the collector has said who you are');
    shown.dashboard.setWho({ title: 'vic (viewer)', scopes: new Set(['alerts:read']) });
    expect(acts()).toMatch(/read-only: vic \(viewer\) may not close/);
    expect(shown.frame().split('\n')[0]).toContain('vic (viewer) read-only');
    shown.dashboard.setWho({ title: 'ana (analyst)', scopes: new Set(['alerts:write']) });
    expect(acts()).toContain('close this alert as');
    shown.dashboard.go({ view: 'agents', arg: '' });
    await shown.shows('web-1');
    shown.press('X');
    expect(shown.frame()).toContain('ana (analyst) may not revoke');
    expect(source.calls.map(({ method }) => method)).not.toContain('revokeAgent');
  });
});

describe('what stands behind a view', () => {
  it('is a command, shown and copied', async () => {
    using shown = showDashboard({ source: filledSource(), start: { view: 'alert', arg: '01kb4' } });
    await shown.shows('What to do next');
    shown.press('y');
    expect(shown.frame()).toContain('threatguard alerts show 01kb4');
    shown.press('c', 'Y');
    expect(shown.copied).toEqual(['threatguard alerts show 01kb4 --utc', '01kb4']);
  });

  it.each([
    ['brute', ' | grep -iF -e brute'],
    ['brute web-1', ' | grep -iF -e brute | grep -iF -e web-1'],
    ["!it's", " | grep -viF -e 'it'\\''s'"],
    ['!brute web-1', " | grep -viP '(?=.*\\Qbrute\\E)(?=.*\\Qweb-1\\E)'"],
    ['/^a|b/', " | grep -iP -e '^a|b'"],
    ['!/a|b/', " | grep -viP -e 'a|b'"],
    ['/[/', ''],
  ])('filters as the view does: %s', (typed, pipes) => {
    using shown = showDashboard({ source: filledSource(), start: ALERTS, columns: 160 });
    shown.press('/');
    shown.type(typed);
    shown.press('y');
    expect(shown.frame().split('\n')[3]!.trimEnd()).toBe(`  threatguard alerts list --limit 500 --utc${pipes}`);
  });

  it('is several where the view shows what several do', () => {
    using shown = showDashboard({ source: filledSource(), start: { view: 'overview', arg: '' } });
    shown.press('y');
    for (const command of ['status', 'alerts list', 'entities list', 'agents list', 'models list'])
      expect(shown.frame()).toContain(`threatguard ${command}`);
  });

  it('is one command in a shell, whatever a host calls itself', () => {
    const arg = "host x'; reboot #$(reboot)`reboot`";
    for (const view of VIEWS) {
      const command = view.command(arg).replaceAll("'\\''", '');
      expect(command.replace(/'[^']*'/g, ''), view.name).toMatch(/^[\w ./:=-]+$/);
    }
  });

  it('is copied as base64, whatever it is', () => {
    expect(clipboardSequence('a\u001b]52;c;x\u0007')).toBe('\u001b]52;c;YRtdNTI7Yzt4Bw==\u0007');
    expect(clipboardSequence('x'.repeat(1_000_000)).length).toBeLessThan(100_000);
  });

  it('is help from the keys there are, and no key of a view is one of all', () => {
    using shown = showDashboard({ source: filledSource(), start: ALERTS, rows: 80 });
    shown.press('?');
    for (const { help } of BINDINGS) expect(shown.frame()).toContain(help.slice(0, 40));
    expect(shown.frame()).toMatch(/^ {2}c +close$/m);
    const everywhere = BINDINGS.flatMap(({ keys }) => keys);
    for (const view of VIEWS) {
      const own = (view.acts ?? []).map(({ key }) => key);
      expect(own.filter((key) => everywhere.includes(key))).toEqual([]);
      expect(new Set(own).size).toBe(own.length);
    }
    const names = VIEWS.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a collector', () => {
  it('that is away is said beside what is known, and asked again once it is back', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: { view: 'agents', arg: '' }, status: STATUS });
    await shown.shows('db-1');
    source.away = new ConsoleError('unreachable', 'no collector answers at 127.0.0.1:7443');
    shown.dashboard.setTrouble(source.away.message);
    shown.press('r');
    await shown.shows('not current: no collector answers');
    expect(shown.frame()).toMatch(/no answer: no collector answers[\s\S]*db-1/);
    source.away = undefined;
    shown.dashboard.setStatus(STATUS);
    await shown.shows(/^(?![\s\S]*(not current|no answer))/);
  });

  it('is away at the start: that is said, and what was asked is shown once it is there', async () => {
    const source = filledSource();
    source.away = new ConsoleError('unreachable', 'no collector answers at 127.0.0.1:7443');
    using shown = showDashboard({ source, start: ALERTS });
    shown.dashboard.setTrouble(source.away.message);
    await shown.shows(/^ {2}no collector answers/m);
    source.away = undefined;
    shown.dashboard.setStatus(STATUS);
    await shown.shows('Interactive shell');
  });
});

describe('under many updates', () => {
  it('listeners hear at most ten times a second, and of the last; alerts are bounded; a pause holds them', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: ALERTS });
    await shown.shows('Interactive shell');
    let told = 0;
    shown.dashboard.state.subscribe(() => {
      told += 1;
    });
    const startedMs = performance.now();
    shown.press('p');
    for (let at = 0; at < 2_000; at++)
      shown.dashboard.addAlert(alert({ id: `m${at}`, title: `Many ${at}`, updatedAtUs: NOW_US + at }));
    expect(source.alerts.size).toBe(LIVE_ALERTS_MAX);
    expect(shown.frame()).toContain('PAUSED 2000 new');
    expect(shown.frame()).not.toContain('Many');
    shown.press('p');
    await shown.shows('Many 1999');
    await until(() => told > 0, { limitMs: 1_000, what: 'a frame' });
    expect(told).toBeLessThanOrEqual(2 + (performance.now() - startedMs) / 100);
  });

  it('the last change is always told', async () => {
    using state = new DashboardState(placeState(ALERTS));
    let seen = '';
    state.subscribe(() => {
      seen = state.snapshot().trouble;
    });
    for (let at = 0; at < 100; at++) state.set({ trouble: String(at) });
    await until(() => seen === '99', { limitMs: 1_000, what: 'the last change' });
  });
});
