import { describe, expect, it } from 'vitest';
import { eventId } from '../../console/src/model/event.ts';
import { width } from '../../console/src/model/printable.ts';
import { asciiLine } from '../../console/src/ui/dashboard/spans.ts';
import type { Place } from '../../console/src/ui/dashboard/view.ts';
import { VIEWS } from '../../console/src/ui/dashboard/views/index.ts';
import { showDashboard } from '../support/dashboard.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { filledSource, STATUS } from './dashboard-samples.ts';
import { storedEvent } from './samples.ts';

/** Each view with something in it, and what is seen once it is. */
const PLACES: readonly (readonly [Place, string])[] = [
  [{ view: 'overview', arg: '' }, 'Highest risk'],
  [{ view: 'alerts', arg: '' }, 'Interactive shell'],
  [{ view: 'alert', arg: '01kb4' }, 'What to do next'],
  [{ view: 'alert', arg: '01kb5' }, 'as 40 verdicts have it'],
  [{ view: 'except', arg: '01kb3 --field source.ip' }, 'would have hidden'],
  [{ view: 'exceptions', arg: '' }, '01kd0'],
  [{ view: 'exception', arg: '01kd0' }, 'our own scanner'],
  [{ view: 'incidents', arg: '' }, 'credential access to'],
  [{ view: 'incident', arg: '01kc0' }, 'SSH brute force'],
  [{ view: 'entities', arg: '' }, 'root@web-1'],
  [{ view: 'entity', arg: 'user root@web-1' }, 'Risk in 7 days'],
  [{ view: 'events', arg: 'event.action:*' }, 'ACTION'],
  [{ view: 'event', arg: eventId(storedEvent()) }, 'user.name'],
  [{ view: 'about', arg: 'user.name:root' }, 'Newest events'],
  [{ view: 'hunts', arg: '' }, 'fetchers'],
  [{ view: 'hunt', arg: 'user:* | count by user.name' }, '2 groups'],
  [{ view: 'rules', arg: '' }, 'SSH brute force'],
  [{ view: 'rule', arg: 'ssh-brute-force' }, 'Somebody guesses'],
  [{ view: 'indicators', arg: '' }, 'bad.example'],
  [{ view: 'indicator', arg: '203.0.113.7' }, 'feed-x'],
  [{ view: 'models', arg: '' }, 'learning 5 of 7 days'],
  [{ view: 'model', arg: 'isolation-forest 3' }, 'signature'],
  [{ view: 'model', arg: 'baseline' }, 'hours kept'],
  [{ view: 'agents', arg: '' }, 'db-1'],
  [{ view: 'agent', arg: 'web-1' }, 'machine id'],
  [{ view: 'keys', arg: '' }, 'ML-KEM'],
  [{ view: 'audit', arg: '' }, 'alert.close'],
  [{ view: 'entry', arg: '9' }, 'before'],
];

it('every view has a picture here', () => {
  expect([...new Set(PLACES.map(([{ view }]) => view))]).toEqual(VIEWS.map(({ name }) => name));
});

describe.each([
  [80, 24],
  [160, 50],
])('at %ix%i', (columns, rows) => {
  it.each(PLACES)('$view $arg is drawn within the screen', async (start, text) => {
    using shown = showDashboard({ source: filledSource(), start, columns, rows, status: STATUS });
    const frame = await shown.shows(text);
    expect(frame.split('\n')).toHaveLength(rows);
    expect(Math.max(...frame.split('\n').map(width))).toBeLessThanOrEqual(columns);
    expect(frame).toMatchSnapshot();
  });
});

it('in ASCII nothing else is drawn', async () => {
  for (const [start, text] of PLACES) {
    using shown = showDashboard({ source: filledSource(), start, columns: 160, rows: 50, ascii: true, status: STATUS });
    expect(await shown.shows(text)).toMatch(/^[\x20-\x7e\n]*$/);
  }
  const named = asciiLine([{ text: 'größe 日本 cut…' }]);
  expect(named).toEqual([{ text: 'gr??e ???? cut~', tone: undefined }]);
});

describe('text of a host', () => {
  /** Every string of an answer made hostile, but those that are ids by which a view finds its own. */
  function poisoned(value: unknown, name = ''): unknown {
    if (Array.isArray(value)) return value.map((each) => poisoned(each));
    if (value instanceof Uint8Array || value === null) return value;
    if (typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, poisoned(each, key)]));
    }
    const kept = ['id', 'agentId', 'kind', 'state', 'alertId'].includes(name);
    return typeof value === 'string' && !kept ? `${HOSTILE.repeat(3)}日本語é́́́́́${'x'.repeat(10_000)}` : value;
  }

  it.each(PLACES)('in every field of $view $arg reaches no terminal raw, and moves no column', async (start) => {
    const source = filledSource();
    const hostile = new Proxy(source, {
      get: (target, name: keyof typeof source) => {
        const found = target[name];
        if (typeof found !== 'function' || name === 'nowMs') return found;
        if (name === 'runHunt') {
          return async function* (...given: Parameters<typeof source.runHunt>) {
            for await (const part of source.runHunt(...given)) yield poisoned(part);
          };
        }
        return async (...given: unknown[]) => poisoned(await (found as (...all: unknown[]) => unknown)(...given));
      },
    });
    using shown = showDashboard({
      source: hostile,
      start,
      columns: 80,
      rows: 24,
      status: poisoned(STATUS) as typeof STATUS,
    });
    await shown.shows(/^(?![\s\S]*asking the collector)/);
    const frames = [shown.frame()];
    for (const key of ['down', 'w', 'g', 'esc', 'y', 'esc', '?']) {
      shown.press(key);
      frames.push(shown.frame());
    }
    for (const frame of frames) {
      expect(frame).not.toMatch(RAW);
      expect(frame.split('\n')).toHaveLength(24);
      expect(Math.max(...frame.split('\n').map(width))).toBeLessThanOrEqual(80);
    }
  });
});

it('of a demonstration each view says so, and no other does', async () => {
  for (const demo of [true, false]) {
    using shown = showDashboard({
      source: filledSource(),
      start: { view: 'alerts', arg: '' },
      columns: 80,
      rows: 24,
      status: { ...STATUS, demo },
    });
    const frame = await shown.shows('Interactive shell');
    expect(frame.split('\n')[0]!.includes(' DEMO ')).toBe(demo);
  }
});
