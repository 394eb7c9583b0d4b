import { describe, expect, it } from 'vitest';
import { ConsoleError } from '../../console/src/model/console-error.ts';
import { showDashboard } from '../support/dashboard.ts';
import { filledSource } from './dashboard-samples.ts';
import { alert } from './samples.ts';

const ALERT = { view: 'alert', arg: alert().id! };

describe('an exception from an alert', () => {
  it('is a form whose fields are taken in and out, with what it would have hidden, and the command that makes it', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: ALERT, columns: 120, rows: 40 });
    await shown.shows('SSH brute force');
    shown.press('x');
    await shown.shows('would have hidden  12 of 40');
    expect(shown.frame()).toMatch(/\[x\] user.name +without it \d+ +root/);
    // The fields begin after the title, the alert and a heading.
    for (let step = 0; step < 7; step++) shown.press('down');
    shown.press('space');
    await shown.shows(/\[ \] user.name/);
    expect(shown.frame()).toContain('would have hidden  18 of 40');
    shown.press('e');
    shown.type('90d');
    await shown.shows('ends in      90d');
    shown.press('y');
    const fields = '--field source.ip --field process.executable --expires 90d';
    expect(shown.frame()).toContain(`threatguard alerts except ${alert().id} ${fields}`);
    shown.press('esc', 'S');
    shown.type('our own scanner');
    await shown.shows('exception 01kd0 is in force');
    expect(source.calls.find(({ method }) => method === 'addException')!.request).toEqual({
      alertId: alert().id,
      alertRevision: 1,
      fields: ['source.ip', 'process.executable'],
      reason: 'our own scanner',
      expiresSeconds: 90 * 86_400,
      neverExpires: false,
    });
    // However much was tried in the form, it was one step from the alert.
    expect(shown.dashboard.state.snapshot().stack.map(({ place }) => place.view)).toEqual(['alert']);
  });

  it('keeps the last field: without any it would hide all its rule finds', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: { view: 'except', arg: '01kb3 --field source.ip' } });
    await shown.shows('[x] source.ip');
    for (let step = 0; step < 6; step++) shown.press('down');
    shown.press('space', 'enter');
    expect(shown.dashboard.state.top.place.arg).toBe('01kb3 --field source.ip');
  });

  it.each([
    ['01kb3 --expires soon', '--expires "soon" must be a duration'],
    ['01kb3 --feild x', '"--feild" is not known here'],
    ['01kb3 --field', '"--field" is not known here'],
  ])('of %j is refused', async (arg, why) => {
    using shown = showDashboard({ source: filledSource(), start: { view: 'except', arg } });
    await shown.shows(why);
  });

  it('says what the collector refuses, stays as it is, and may be made by nobody who reads only', async () => {
    const source = filledSource({
      addException: async () => {
        throw new ConsoleError('refused', 'the alert changed since; look again');
      },
    });
    using shown = showDashboard({ source, start: { view: 'except', arg: '01kb3' } });
    await shown.shows('[x] source.ip');
    shown.press('S', 'enter');
    await shown.shows('the alert changed since; look again');
    expect(shown.dashboard.state.top.place.view).toBe('except');
    using other = showDashboard({ source, start: ALERT, readonly: true });
    await other.shows('SSH brute force');
    other.press('x');
    expect(other.frame()).toContain('read-only: this console may not except');
  });

  it('is made of one alert, not of several', async () => {
    using shown = showDashboard({ source: filledSource(), start: { view: 'alerts', arg: '' } });
    await shown.shows('Interactive shell');
    shown.press('space', 'space', 'x');
    expect(shown.frame()).toContain('nothing here to except');
  });

  it('is taken back from the list of them, where it still stands', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: { view: 'exceptions', arg: '' } });
    await shown.shows('01kd0');
    shown.press('X', 'y');
    await shown.shows('taken back');
    expect(source.calls.find(({ method }) => method === 'removeException')!.request).toBe('01kd0');
    shown.press('down', 'X');
    expect(shown.frame()).toContain('nothing here to take back');
  });
});

describe('a model', () => {
  it('is taken into use after a question, and the baselines have no versions', async () => {
    const source = filledSource();
    using shown = showDashboard({ source, start: { view: 'models', arg: '' }, columns: 120 });
    await shown.shows('learning 5 of 7 days');
    shown.press('u');
    expect(shown.frame()).toContain('nothing here to use this version');
    shown.press('down', 'down', 'u');
    expect(shown.frame()).toContain('take isolation-forest 2 into use?');
    shown.press('y');
    await shown.shows('isolation-forest 2 is in use');
    expect(source.calls.find(({ method }) => method === 'activateModel')!.request).toEqual({
      name: 'isolation-forest',
      version: 2,
      force: false,
    });
  });

  it('whose card the collector did not sign is not shown', async () => {
    const source = filledSource({
      modelCard: async () => {
        throw new ConsoleError('refused', 'the card of this model was not signed by the collector');
      },
    });
    using shown = showDashboard({ source, start: { view: 'model', arg: 'isolation-forest 3' } });
    await shown.shows('not signed by the collector');
    expect(shown.frame()).not.toContain('SHA-256');
  });
});
