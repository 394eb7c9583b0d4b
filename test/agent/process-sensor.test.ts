import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HostEvent } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { createProcessSensor } from '../../agent/src/sensors/process/sensor.ts';
import type { ProcessSource, ProcessSourceName } from '../../agent/src/sensors/process/source.ts';
import type { SensorSink } from '../../agent/src/sensors/sensor.ts';
import { may } from '../support/rights.ts';

/** A source that records what is done to it. */
function recordedSource(name: ProcessSourceName, refusal?: string) {
  const calls: string[] = [];
  let sink: SensorSink | undefined;
  const source: ProcessSource = {
    name,
    async start(into) {
      calls.push('start');
      if (refusal) throw new Error(refusal);
      sink = into;
    },
    async stop() {
      calls.push('stop');
    },
    detail: () => (name === 'proc-scan' ? 'short ones are missed' : ''),
  };
  return { calls, make: () => source, emit: (event: HostEvent) => sink?.emit(event) };
}

const quiet = { emit: () => undefined, lose: () => undefined };

function recordedSources(refusals: Partial<Record<ProcessSourceName, string>>) {
  const names = ['ebpf', 'audit', 'proc-connector', 'proc-scan'] as const;
  const sources = Object.fromEntries(names.map((name) => [name, recordedSource(name, refusals[name])])) as Record<
    ProcessSourceName,
    ReturnType<typeof recordedSource>
  >;
  return {
    sources,
    makers: {
      ebpf: sources.ebpf.make,
      audit: sources.audit.make,
      'proc-connector': sources['proc-connector'].make,
      'proc-scan': sources['proc-scan'].make,
    },
  };
}

describe('the process sensor takes the best source there is', () => {
  test('eBPF where it loads, and then nothing else', async () => {
    const { sources, makers } = recordedSources({});
    const sensor = createProcessSensor({ source: 'auto' }, makers);
    expect(sensor.health()).toMatchObject({ state: 'stopped', source: '' });
    await sensor.start(quiet);
    sources.ebpf.emit({});
    expect(sensor.health()).toEqual({ sensor: 'process', source: 'ebpf', state: 'running', detail: '', events: 1 });
    expect(sources.audit.calls).toEqual([]);
    await sensor.stop();
    await sensor.stop();
    expect(sources.ebpf.calls).toEqual(['start', 'stop']);
  });

  test('the next one where it is refused, and the reason is kept in words', async () => {
    const { makers } = recordedSources({ ebpf: 'the verifier said R5 !read_ok', audit: 'no permission' });
    const sensor = createProcessSensor({ source: 'auto' }, makers);
    await sensor.start(quiet);
    expect(sensor.health()).toMatchObject({
      source: 'proc-connector',
      state: 'degraded',
      detail: 'ebpf: the verifier said R5 !read_ok; audit: no permission',
    });
  });

  test('the one that is asked for, and none before it', async () => {
    const { sources, makers } = recordedSources({ 'proc-connector': 'not built in' });
    const sensor = createProcessSensor({ source: 'proc-connector' }, makers);
    await sensor.start(quiet);
    expect(sensor.health()).toMatchObject({
      source: 'proc-scan',
      state: 'degraded',
      detail: 'proc-connector: not built in; short ones are missed',
    });
    expect([...sources.ebpf.calls, ...sources.audit.calls]).toEqual([]);
  });

  test('with none at all it fails, naming every reason', async () => {
    const { makers } = recordedSources({ ebpf: 'a', audit: 'b', 'proc-connector': 'c', 'proc-scan': 'd' });
    const sensor = createProcessSensor({ source: 'auto' }, makers);
    await expect(sensor.start(quiet)).rejects.toThrow('ebpf: a; audit: b; proc-connector: c; proc-scan: d');
  });
});

describe.skipIf(!may('setuid', 'setgid'))('as an ordinary user (needs root to become one)', () => {
  test('it sees its own new processes by what is left to it, and says which rights it lacks', async () => {
    const module = fileURLToPath(new URL('../../agent/src/sensors/process/sensor.ts', import.meta.url));
    const script = `
      const { spawn } = await import('node:child_process');
      const { createProcessSensor } = await import(${JSON.stringify(module)});
      process.setgroups([]);
      process.setgid(65534);
      process.setuid(65534);
      const sensor = createProcessSensor({ source: 'auto' });
      const seen = Promise.withResolvers();
      await sensor.start({ emit: (event) => event.process.args?.includes('63') && seen.resolve(event), lose() {} });
      const child = spawn('/bin/sleep', ['63']);
      const event = await seen.promise;
      child.kill();
      console.log(JSON.stringify({ event, health: sensor.health() }));
      await sensor.stop();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    for await (const chunk of child.stdout) output += chunk;
    const { event, health } = JSON.parse(output);
    expect(event).toMatchObject({ user: { id: 65534 }, process: { args: ['/bin/sleep', '63'] } });
    // Since Linux 6.6 the proc connector is open to everyone; before, only the scan is.
    expect(health).toMatchObject({ source: expect.stringMatching(/^proc-/), state: 'degraded' });
    expect(health.detail).toMatch(/ebpf: no permission.*CAP_BPF.*audit: /);
  });
});
