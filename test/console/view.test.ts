import { EventEmitter } from 'node:events';
import { type AgentSummary, Severity } from '@threatguard/proto';
import { render } from 'ink';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { blindSpots } from '../../console/src/model/agent.ts';
import { width } from '../../console/src/model/printable.ts';
import { LiveModel } from '../../console/src/ui/live-model.ts';
import { LiveScreen } from '../../console/src/ui/live-screen.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { until } from '../support/until.ts';
import { agent, alert, NOW_US, storedEvent } from './samples.ts';

/** A terminal of a size that remembers the last frame, and keys to press. */
function show(model: LiveModel, size = { columns: 80, rows: 24 }) {
  const stdout = Object.assign(new EventEmitter(), {
    ...size,
    frame: '',
    write(text: string) {
      this.frame = text;
      return true;
    },
  });
  const keys: string[] = [];
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    setEncoding: () => undefined,
    setRawMode: () => undefined,
    ref: () => undefined,
    unref: () => undefined,
    read: () => keys.shift() ?? null,
  });
  let quits = 0;
  const opened: (string | null | undefined)[] = [];
  const screen = createElement(LiveScreen, {
    model,
    collector: '127.0.0.1:7443',
    utc: true,
    colour: false,
    nowMs: () => NOW_US / 1000,
    size,
    onQuit: () => {
      quits += 1;
    },
    onOpen: () => {
      const found = model.selectedAlert()!;
      opened.push(found.id);
      model.openAlert(found);
    },
  });
  const ink = render(screen, {
    stdout: stdout as unknown as NodeJS.WriteStream,
    stdin: stdin as unknown as NodeJS.ReadStream,
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const press = (key: string) => {
    keys.push(key);
    stdin.emit('readable');
  };
  const until_ = (text: string) =>
    until(() => stdout.frame.includes(text), { limitMs: 5000, what: () => `"${text}" in:\n${stdout.frame}` });
  return {
    frame: () => stdout.frame,
    lines: () => stdout.frame.split('\n'),
    press,
    shows: until_,
    quits: () => quits,
    opened,
    ink,
  };
}

function filled(): LiveModel {
  const model = new LiveModel();
  model.setWay('nats');
  model.setStatus({
    storeEngine: 'pglite',
    storeState: 'ready',
    agentsConnected: 1,
    agentsEnrolled: 2,
    eventsPerSecond: 12.34,
    eventsStored: 4567,
    alertsOpen: 2,
    losses: [{ name: 'spool overflow', count: 6 }],
  });
  model.addAlert(alert());
  model.addAlert(
    alert({
      id: '01kb4',
      title: 'Interactive shell on a socket',
      severity: Severity.CRITICAL,
      techniques: ['T1059.004'],
      reason: '/usr/bin/bash run by root has its input on a connection to 198.51.100.7:4444',
      values: { 'user.name': 'root', 'source.ip': '198.51.100.7', 'process.executable': '/usr/bin/bash' },
      count: 1,
      raisedAtUs: NOW_US,
    }),
  );
  return model;
}

describe('the live view', () => {
  it('at 80x24 shows what runs, and each alert with who, where, what and why, newest at the bottom', async () => {
    const view = show(filled());
    await view.shows('Interactive shell');
    expect(view.frame()).toMatchInlineSnapshot(`
      "ThreatGuard  127.0.0.1:7443  pglite ready  alerts by NATS, signatures checked
      agents 1/2  12.3 events/s  4567 stored  2 alerts not closed  6 lost  0 refused
      ────────────────────────────────────────────────────────────────────────────────
        09:59:59  HIGH          SSH brute force                              T1110.001
          host web-1  user root  address 192.0.2.1  observed 97.2 %  process /usr/sbi…
          10 failed logons as root from 192.0.2.1 within 60 s
      > 10:00:00  CRITICAL      Interactive shell on a socket                T1059.004
          host web-1  user root  address 198.51.100.7  observed 97.2 %  process /usr/…
          /usr/bin/bash run by root has its input on a connection to 198.51.100.7:4444














      up/down select  enter open  q quit"
    `);
    expect(view.lines()).toHaveLength(24);
  });

  it('at 160x50 stays within the screen', async () => {
    const view = show(filled(), { columns: 160, rows: 50 });
    await view.shows('Interactive shell');
    expect(view.lines()).toHaveLength(50);
    expect(Math.max(...view.lines().map(width))).toBeLessThanOrEqual(160);
  });

  it('opens an alert with its events, scrolls, and goes back', async () => {
    const model = filled();
    const view = show(model);
    await view.shows('enter open');
    view.press('\u001b[A');
    await view.shows('> 09:59:59');
    view.press('\r');
    await view.shows('esc back');
    for (let step = 0; step < 10; step++) view.press('\u001b[B');
    await view.shows('asking for its events');
    model.setDetail(alert().id!, { detail: { alert: alert(), events: [storedEvent()] } });
    await view.shows('esc back');
    expect(view.opened).toEqual([alert().id]);
    await view.shows('SUMMARY');
    expect(view.frame()).toContain('sshd');
    view.press('\u001b');
    await view.shows('enter open');
    view.press('q');
    view.press('\u0003');
    expect(view.quits()).toBe(2);
  });

  it('keeps the selected alert on the screen, and follows the newest otherwise', async () => {
    const model = new LiveModel();
    for (let at = 0; at < 600; at++)
      model.addAlert(alert({ id: `a${at}`, title: `Alert ${at}`, raisedAtUs: NOW_US + at }));
    const view = show(model);
    await view.shows('Alert 599');
    for (let step = 0; step < 30; step++) model.select(-1);
    await view.shows('Alert 569');
    model.addAlert(alert({ id: 'new', title: 'Alert new', raisedAtUs: NOW_US + 1000 }));
    expect(model.snapshot().alerts).toHaveLength(500);
    expect(view.frame()).toContain('Alert 569');
    model.select(1000);
    await view.shows('Alert new');
  });

  it('says when the collector does not answer, and shows notes', async () => {
    const model = filled();
    const view = show(model);
    model.setTrouble('no collector answers at 127.0.0.1:7443');
    model.addNote('the agent ended (signal SIGKILL); starting it again in 0.5 s');
    await view.shows('no answer: no collector answers');
    await view.shows('starting it again');
  });

  it('lets nothing of a host reach the terminal raw, and stays aligned', async () => {
    const model = filled();
    const hostile = {
      title: HOSTILE,
      reason: HOSTILE.repeat(100),
      agentName: HOSTILE,
      techniques: [HOSTILE],
      entity: HOSTILE,
    };
    model.addAlert(
      alert({
        ...hostile,
        id: 'h',
        raisedAtUs: NOW_US + 1,
        values: { 'user.name': HOSTILE, 'source.ip': HOSTILE, [HOSTILE]: 'x' },
      }),
    );
    model.addNote(HOSTILE);
    const view = show(model);
    await view.shows('> 10:00:00');
    expect(view.frame()).not.toMatch(RAW);
    expect(view.lines()).toHaveLength(24);
    expect(Math.max(...view.lines().map(width))).toBeLessThanOrEqual(80);
    view.press('\r');
    await view.shows('esc back');
    model.setDetail('h', {
      detail: { events: [storedEvent({ agentName: HOSTILE, event: { original: HOSTILE, user: { name: HOSTILE } } })] },
    });
    for (let step = 0; step < 40; step++) view.press('\u001b[B');
    await view.shows('TIME (UTC)');
    expect(view.frame()).not.toMatch(RAW);
    expect(Math.max(...view.lines().map(width))).toBeLessThanOrEqual(80);
  });
});

describe('what sensors cannot see', () => {
  it('is a sentence each, for those that do not run in full', () => {
    expect(blindSpots(agent())).toEqual(['web-1: process sensor degraded: short-lived processes are not seen']);
    const silent: AgentSummary = { name: 'x', sensors: [{ sensor: 'auth', state: 'stopped' }] };
    expect(blindSpots(silent)).toEqual(['x: auth sensor stopped: it gave no reason']);
  });
});
