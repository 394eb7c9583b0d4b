// Health tells the truth: of servers that die, and come back. And what monitors read of it is what their tools take.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Finding, HealthBoard } from '../../collector/src/http/health/board.ts';
import { CollectorMetrics } from '../../collector/src/http/metrics/collector-metrics.ts';
import { TestCollector } from '../support/collector.ts';
import { ask } from '../support/http.ts';
import { hasProgram } from '../support/kernel-audit.ts';
import { natsAvailable, startNats } from '../support/nats.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import { ROOT } from '../support/source-files.ts';
import { until } from '../support/until.ts';

const MONITORING = join(ROOT, 'packaging', 'monitoring');

describe('the board', () => {
  /** What a probe finds, as the test says. */
  async function boardOf(first: Finding) {
    const found = { now: first, looks: 0 };
    const board = await HealthBoard.start(
      [
        {
          name: 'store',
          needed: true,
          look: () => {
            found.looks++;
            return found.now;
          },
        },
      ],
      Date.now,
    );
    /** Resolves when the probe was asked so many times more. */
    const looks = async (count: number) => {
      const target = found.looks + count;
      await until(() => found.looks >= target, { limitMs: 20_000, what: 'the board to look' });
    };
    return { board, found, looks };
  }

  it('knows a state before it answers, and leaves it after looks that agree', async () => {
    const { board, found, looks } = await boardOf({ state: 'up' });
    await using _ = board;
    expect([board.state, board.ready]).toEqual(['up', true]);
    found.now = { state: 'down', detail: 'gone' };
    await until(() => board.state === 'down', { limitMs: 20_000, what: 'the state to be down' });
    expect(found.looks).toBeGreaterThanOrEqual(3);
    expect(board.components()[0]).toMatchObject({ state: 'down', detail: 'gone' });
    found.now = { state: 'up' };
    await looks(1);
    expect(board.state).toBe('down');
    await until(() => board.state === 'up', { limitMs: 20_000, what: 'the state to be up' });
  });

  it('does not flap where every other look finds something else', async () => {
    const { board, found, looks } = await boardOf({ state: 'up' });
    await using _ = board;
    const states = new Set<string>();
    for (let turn = 0; turn < 6; turn++) {
      found.now = turn % 2 === 0 ? { state: 'down' } : { state: 'up' };
      await looks(1);
      states.add(board.state);
    }
    expect([...states]).toEqual(['up']);
  });

  it('is degraded where something useful is away, and ready all the same; not ready once it stops', async () => {
    const probes = [
      { name: 'store', needed: true, look: (): Finding => ({ state: 'up' }) },
      { name: 'nats', needed: false, look: () => Promise.reject(new Error('refused')) },
    ];
    await using board = await HealthBoard.start(probes, Date.now);
    expect([board.state, board.ready]).toEqual(['degraded', true]);
    expect(board.components()[1]).toMatchObject({ state: 'down', detail: 'refused' });
    board.leave();
    expect(board.ready).toBe(false);
  });

  it('says down of what is silent', async () => {
    const states: string[] = [];
    const look = () => new Promise<Finding>(() => undefined);
    const started = HealthBoard.start([{ name: 'store', needed: true, look }], Date.now);
    await using board = await started;
    states.push(board.state);
    expect(states).toEqual(['down']);
    expect(board.components()[0]!.detail).toMatch(/no answer for 700 ms/);
  });
});

describe.skipIf(!postgresAvailable() || !natsAvailable())('with PostgreSQL and NATS', () => {
  it('says which of them died while the other goes on, and that it is back, without a restart', async () => {
    await using postgres = await startPostgres();
    await using nats = await startNats();
    const config = `http:\n  listen: 127.0.0.1:0\ndatabase:\n  url: ${postgres.createDatabase()}\nnats:\n  url: ${nats.url}\n`;
    await using collector = await TestCollector.start({ config });
    const health = (path = '/health') => ask(collector.httpUrl + path);
    const states = async () =>
      Object.fromEntries(
        (await health('/health/detailed')).body.components.map(({ name, status }: Record<string, string>) => [
          name,
          status,
        ]),
      );
    let current: Record<string, string> = {};
    const becomes = (what: string, wanted: Record<string, string>) =>
      until(
        async () => {
          current = await states();
          return Object.entries(wanted).every(([name, state]) => current[name] === state);
        },
        { limitMs: 30_000, what: () => `${what}; it is ${JSON.stringify(current)}` },
      );
    await becomes('all to be up', { store: 'up', nats: 'up' });
    await nats.stop();
    await becomes('nats to be down', { nats: 'down', store: 'up' });
    expect([(await health()).status, (await health()).body.status]).toEqual([200, 'degraded']);
    expect((await health('/health/ready')).status).toBe(200);
    await nats.restart();
    await becomes('nats to be up', { nats: 'up' });
    await postgres.stop();
    await becomes('the store to be down', { store: 'down', nats: 'up' });
    expect([(await health()).status, (await health()).body.status]).toEqual([503, 'down']);
    expect((await health('/health/ready')).body).toEqual({ ready: false, because: ['store'] });
    expect((await ask(`${collector.httpUrl}/metrics`)).body).toContain('threatguard_component_up{component="store"} 0');
    await postgres.restart();
    await becomes('the store to be up', { store: 'up' });
    expect((await health()).body.status).toBe('up');
  });
});

describe('what is shipped for Prometheus and Grafana', () => {
  const rules = readFileSync(join(MONITORING, 'threatguard.rules.yml'), 'utf8');
  const dashboard = JSON.parse(readFileSync(join(MONITORING, 'grafana-dashboard.json'), 'utf8'));
  const expressions: string[] = dashboard.panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) => expr),
  );

  it('speaks of metrics there are', async () => {
    await using collector = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
    const { body } = await ask(`${collector.httpUrl}/metrics`);
    const known = [...(body as string).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
    const used = [...[rules, ...expressions].join('\n').matchAll(/\b(threatguard|process|nodejs)_[a-z0-9_]+/g)].map(
      ([name]) => name,
    );
    expect(used.length).toBeGreaterThan(20);
    expect(
      used.filter((name) => !known.includes(name.replace(/_(bucket|sum|count)$/, '')) && !known.includes(name)),
    ).toEqual([]);
  });

  it('has panels that do not lie on each other', () => {
    const cells = dashboard.panels.flatMap(
      ({ gridPos: { x, y, w, h } }: { gridPos: Record<'x' | 'y' | 'w' | 'h', number> }) =>
        Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }: { id: number }) => id)).size).toBe(dashboard.panels.length);
  });

  it.skipIf(!hasProgram('promtool'))('passes promtool: names, types and rules', async () => {
    await using collector = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
    const { body } = await ask(`${collector.httpUrl}/metrics`);
    // Names nodejs_* are those of prom-client, and not ours to judge.
    const ours = (body as string)
      .split('\n')
      .filter((line) => /threatguard_/.test(line))
      .join('\n');
    expect(execFileSync('promtool', ['check', 'metrics'], { input: `${ours}\n`, encoding: 'utf8' })).toBe('');
    execFileSync('promtool', ['check', 'rules', join(MONITORING, 'threatguard.rules.yml')]);
  });

  it('counts losses by what agents name them, and no more names than it can keep', async () => {
    const metrics = new CollectorMetrics();
    for (let index = 0; index < 500; index++)
      metrics.stored(1, [{ sensor: `s${index}`, reason: 'queue_full', count: 1 }]);
    metrics.stored(1, [{ sensor: 'a"} 1\nevil{x="', reason: 'queue_full', count: 5 }]);
    const lines = (await metrics.text())
      .split('\n')
      .filter((line) => line.startsWith('threatguard_agent_events_lost_total'));
    expect(lines.length).toBe(201);
    expect(lines.at(-1)).toBe('threatguard_agent_events_lost_total{sensor="other",reason="other"} 305');
  });
});
