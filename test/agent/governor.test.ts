import { Activity, EventClass, type HostEvent } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { Batcher } from '../../agent/src/batch/batcher.ts';
import { LossLedger } from '../../agent/src/batch/losses.ts';
import { AVERAGED_OVER_MS, CpuBudget } from '../../agent/src/governor/cpu-budget.ts';
import { Governor } from '../../agent/src/governor/governor.ts';
import { yieldToHost } from '../../agent/src/governor/precedence.ts';

const of = (eventClass: EventClass, activity: Activity, more: HostEvent = {}): HostEvent => ({
  class: eventClass,
  activity,
  observedAtUs: 1,
  sensor: 'test',
  ...more,
});
const SAMPLE = of(EventClass.HOST, Activity.SAMPLE);
const CLOSED = of(EventClass.NETWORK, Activity.CONNECTION_CLOSED);
const EXIT = of(EventClass.PROCESS, Activity.EXIT);
const EXEC = of(EventClass.PROCESS, Activity.EXEC, { process: { executable: '/usr/bin/ls' } });
const SHELL = of(EventClass.PROCESS, Activity.EXEC, {
  process: { executable: '/bin/bash', stdioSockets: [{ remoteAddress: '192.0.2.1', remotePort: 4444 }] },
});
const OPENED = of(EventClass.NETWORK, Activity.CONNECTION_OPENED);

/** A governor whose clock and use the test sets. */
function governed(cpuPercent = 5) {
  const clock = { nowMs: 0, cpuMs: 0 };
  const governor = new Governor({ cpuPercent, nowMs: () => clock.nowMs, cpuMs: () => clock.cpuMs });
  governor[Symbol.dispose]();
  /** `percent` of a core for `seconds`. */
  const use = (percent: number, seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.nowMs += 1000;
      clock.cpuMs += percent * 10;
      governor.book();
    }
  };
  return { governor, use, admits: (event: HostEvent) => governor.admits(event) };
}

describe('the CPU ceiling', () => {
  test('at its share or below for hours, everything is admitted and nothing slows down', () => {
    const { governor, use, admits } = governed();
    use(5, 7200);
    expect([SAMPLE, CLOSED, EXIT, EXEC].every(admits)).toBe(true);
    expect(governor.pace).toBe(1);
    expect(governor.health()).toMatchObject({ sensor: 'agent', state: 'running' });
    expect(governor.health().detail).toContain('5.0 % of a core over 5 min (ceiling 5 %)');
  });

  test('a burst at 15 % is paid from what was saved: two minutes without shedding an exec', () => {
    const { use, admits } = governed();
    use(15, 120);
    expect(admits(EXEC)).toBe(true);
  });

  test('what is worth least goes first, and each step is said', () => {
    const { governor, use, admits } = governed();
    const shed = () => [SAMPLE, CLOSED, EXIT, EXEC].filter((event) => !admits(event));
    const order: HostEvent[][] = [];
    for (let second = 0; second < 60; second++) {
      use(50, 1);
      if (shed().length !== order.at(-1)?.length) order.push(shed());
    }
    expect(order).toEqual([[], [SAMPLE], [SAMPLE, CLOSED], [SAMPLE, CLOSED, EXIT], [SAMPLE, CLOSED, EXIT, EXEC]]);
    expect(governor.pace).toBe(8);
    expect(governor.health()).toMatchObject({ state: 'degraded' });
    expect(governor.health().detail).toContain('it sheds host samples, closed connections, ends of processes');
  });

  test('logins, accounts, credentials, tracing, files and a shell on a socket are never shed', () => {
    const { use, admits } = governed();
    use(100, 600);
    expect(admits(EXEC)).toBe(false);
    expect(admits(OPENED)).toBe(false);
    const dear = [
      of(EventClass.AUTHENTICATION, Activity.LOGON),
      of(EventClass.AUTHENTICATION, Activity.PREAUTH_CLOSED),
      of(EventClass.ACCOUNT, Activity.USER_CREATED),
      of(EventClass.PROCESS, Activity.CREDENTIALS_CHANGED),
      of(EventClass.PROCESS, Activity.TRACED),
      of(EventClass.FILE, Activity.FILE_MODIFIED, { file: { path: '/srv/data' } }),
      of(EventClass.HOST, Activity.AUDIT_CONFIG),
      SHELL,
    ];
    expect(dear.filter((event) => !admits(event))).toEqual([]);
  });

  test('an agent that sheds what it may stays within its share on average, whatever the load', () => {
    const budget = new CpuBudget(5);
    let used = 0;
    const seconds = 3600;
    for (let second = 0; second < seconds; second++) {
      const cpuMs = budget.thrift.shedBelow > 3 ? 20 : 400;
      used += cpuMs;
      budget.book(cpuMs, 1000);
    }
    const savedMs = AVERAGED_OVER_MS * 0.05;
    expect(used).toBeLessThanOrEqual(seconds * 50 + savedMs + 400);
    expect(used).toBeGreaterThan(seconds * 45);
  });

  test('when the load has gone, all is admitted again, also after hours in which nothing could be shed', () => {
    const { governor, use, admits } = governed();
    use(100, 7200);
    use(0.5, 300);
    expect([SAMPLE, CLOSED, EXIT, EXEC].every(admits)).toBe(true);
    expect(governor.pace).toBe(1);
  });

  test('what is not admitted is counted by sensor, and its position moves on in its turn', () => {
    const losses = new LossLedger();
    const batches: HostEvent[][] = [];
    const into = (events: HostEvent[]) => void batches.push(events);
    const batcher = new Batcher({ losses, nowUs: () => 1, into, admits: (event) => event !== EXEC });
    const durable: string[] = [];
    batcher.emit(OPENED, () => durable.push('opened'));
    batcher.emit(EXEC, () => durable.push('exec'));
    expect(durable).toEqual([]);
    batcher.flush();
    batcher.emit(EXEC, () => durable.push('exec again'));
    expect(durable).toEqual(['opened', 'exec', 'exec again']);
    expect(batches.flat()).toEqual([OPENED]);
    expect(losses.take()).toMatchObject([{ sensor: 'test', reason: 'cpu_ceiling', count: 2 }]);
  });
});

test('the host comes first: what could be reached is said, and what was refused too', async () => {
  expect(await yieldToHost(0)).toMatch(/^nice 0( refused \(.*\))?, (best-effort I\/O level 7|I\/O priority as it was)/);
});
