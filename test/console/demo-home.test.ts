import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  checkHomeKind,
  defaultDemoHome,
  demoEnvironment,
  prepareDemoHome,
} from '../../console/src/services/up/demo/demo-home.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'threatguard-demo-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the home of a demonstration', () => {
  it('is beside the data of this user, whatever names the home of a deployment', () => {
    expect(defaultDemoHome({ HOME: '/home/a', THREATGUARD_HOME: '/real' })).toBe(
      '/home/a/.local/share/threatguard-demo',
    );
    expect(defaultDemoHome({ HOME: '/home/a', XDG_DATA_HOME: '/data' })).toBe('/data/threatguard-demo');
  });

  it('takes no deployment of real hosts, and the home of one takes no demonstration', () => {
    checkHomeKind(home, true);
    checkHomeKind(home, false);
    prepareDemoHome(home, false);
    expect(() => checkHomeKind(home, false)).toThrow(/holds a demonstration, and never a real host/);
    checkHomeKind(home, true);
    rmSync(join(home, 'demo.json'));
    mkdirSync(join(home, 'collector'));
    expect(() => checkHomeKind(home, true)).toThrow(/holds a deployment of real hosts/);
  });

  it('begins anew only where it is asked to, and keeps what says who runs it', () => {
    prepareDemoHome(home, false);
    mkdirSync(join(home, 'collector'));
    writeFileSync(join(home, 'up.json'), '{}');
    prepareDemoHome(home, false);
    expect(existsSync(join(home, 'collector'))).toBe(true);
    prepareDemoHome(home, true);
    expect(readdirSync(home).sort()).toEqual(['demo.json', 'logs', 'up.json']);
  });

  it('empties nothing that is not marked', () => {
    writeFileSync(join(home, 'diary.txt'), 'mine');
    prepareDemoHome(home, true);
    expect(existsSync(join(home, 'diary.txt'))).toBe(true);
  });

  it('reaches no database or broker of a deployment', () => {
    const env = { PATH: '/bin', THREATGUARD_DATABASE_URL: 'postgres://real/db', THREATGUARD_NATS_URL: 'nats://real' };
    expect(demoEnvironment(env)).toEqual({ PATH: '/bin' });
  });
});
