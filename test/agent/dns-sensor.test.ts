import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { createDnsSensor, type DnsSensorOptions } from '../../agent/src/sensors/dns/sensor.ts';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { RecordingSink } from '../support/recording-sink.ts';

let directory: string;
let sink: RecordingSink;
let sensor: Sensor | undefined;
const at = (name: string) => join(directory, name);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-dns-'));
  sink = new RecordingSink();
});
afterEach(async () => {
  await sensor?.stop();
  rmSync(directory, { recursive: true });
});

async function start(options: Partial<DnsSensorOptions>): Promise<Sensor> {
  const checkpoints = new CheckpointLedger(new Uint8Array());
  sensor = createDnsSensor({ resolved: 'off', logs: [], stateDir: at('state'), checkpoints, ...options });
  await sensor.start(sink);
  return sensor;
}

describe('query logs', () => {
  it('of all three servers become events with question and client', async () => {
    const logs = (['dnsmasq', 'unbound', 'bind'] as const).map((format) => ({ path: at(format), format }));
    for (const { path } of logs) writeFileSync(path, '');
    await start({ logs });
    appendFileSync(at('dnsmasq'), 'Nov 21 10:00:00 gw dnsmasq[7]: query[TXT] a.example from 192.0.2.1\n');
    appendFileSync(at('unbound'), '[1795255200] unbound[7:0] info: 192.0.2.1 b.example. A IN\n');
    appendFileSync(
      at('bind'),
      'Nov 21 10:00:00 ns named[7]: client 192.0.2.1#5 (c.example): query: c.example IN A + (192.0.2.53)\n',
    );
    await vi.waitFor(() => expect(sink.events).toHaveLength(3), { timeout: 8000 });
    for (const event of sink.events) {
      expect(event).toMatchObject({ class: EventClass.NETWORK, activity: Activity.DNS_QUERY });
      expect(event.network?.sourceAddress).toBe('192.0.2.1');
    }
    expect(sink.events.map(({ sensor: source, network }) => [source, network?.questionName]).sort()).toEqual([
      ['dns.bind', 'c.example'],
      ['dns.dnsmasq', 'a.example'],
      ['dns.unbound', 'b.example'],
    ]);
  });

  it('where there is none, nor a resolver that tells, its health says so and nothing is wrong', async () => {
    const { state, detail, source } = (await start({ resolved: 'auto', resolvedSocket: at('none') })).health();
    expect({ state, source }).toEqual({ state: 'running', source: '' });
    expect(detail).toContain('sensors.dns.logs');
  });
});

describe("systemd-resolved's monitor", () => {
  it('is asked for its results, which become events; one that speaks otherwise is left and said', async () => {
    const sockets: Socket[] = [];
    const asked: string[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('data', (data) => asked.push(data.toString()));
    });
    server.listen(at('monitor'));
    const { promise: listening, resolve } = Promise.withResolvers<void>();
    server.once('listening', resolve);
    await listening;
    const running = await start({ resolved: 'auto', resolvedSocket: at('monitor') });
    await vi.waitFor(() => expect(asked.join('')).toContain('\0'));
    expect(JSON.parse(asked.join('').slice(0, -1))).toMatchObject({
      method: 'io.systemd.Resolve.Monitor.SubscribeQueryResults',
      more: true,
    });
    const result = {
      parameters: { state: 'success', question: [{ class: 1, type: 1, name: 'a.example' }] },
      continues: true,
    };
    const bytes = `{"parameters":{"ready":true},"continues":true}\0${JSON.stringify(result)}\0`;
    sockets[0]!.write(bytes.slice(0, 60));
    sockets[0]!.write(bytes.slice(60));
    await vi.waitFor(() => expect(sink.events).toHaveLength(1));
    expect(sink.events[0]).toMatchObject({ sensor: 'dns.resolved', network: { questionName: 'a.example' } });
    expect(running.health()).toMatchObject({ state: 'running', source: 'systemd-resolved' });
    sockets[0]!.write('{"error":"io.systemd.Resolve.Monitor.NoPermission"}\0');
    await vi.waitFor(() => expect(running.health().detail).toContain('NoPermission'));
    expect(running.health().state).toBe('degraded');
    await running.stop();
    server.close();
  });
});
