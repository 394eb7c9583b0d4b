import { once } from 'node:events';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass, type HostEvent } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { createImportSensor, type ImportOptions } from '../../agent/src/sensors/import/sensor.ts';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { RecordingSink } from '../support/recording-sink.ts';

let directory: string;
let sink: RecordingSink;
const sensors: Sensor[] = [];
const at = (name: string) => join(directory, name);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-import-'));
  sink = new RecordingSink();
});
afterEach(async () => {
  for (const sensor of sensors.splice(0)) await sensor.stop();
  rmSync(directory, { recursive: true });
});

async function start(options: Partial<ImportOptions>): Promise<Sensor> {
  const sensor = createImportSensor({
    falco: {},
    tetragon: {},
    ...options,
    stateDir: at('state'),
    checkpoints: new CheckpointLedger(new Uint8Array()),
  });
  sensors.push(sensor);
  await sensor.start(sink);
  return sensor;
}

const falco = (fields: object, more: object = {}) =>
  JSON.stringify({ rule: 'r', time: '2026-11-21T10:00:00.123456789Z', output_fields: fields, ...more });
const exec = (binary: string) =>
  JSON.stringify({ process_exec: { process: { pid: 7, binary } }, time: '2026-11-21T10:00:00Z' });

describe('a followed file', () => {
  it('gives events as it grows, also through a rotation', async () => {
    writeFileSync(at('falco.json'), '');
    const first = await start({ falco: { file: at('falco.json') } });
    appendFileSync(at('falco.json'), `${falco({ 'evt.type': 'execve', 'proc.pid': 1 })}\n`);
    await vi.waitFor(() => expect(sink.events).toHaveLength(1));
    renameSync(at('falco.json'), at('falco.json.1'));
    writeFileSync(at('falco.json'), `${falco({ 'evt.type': 'execve', 'proc.pid': 2 })}\n`);
    await vi.waitFor(() => expect(sink.events).toHaveLength(2), { timeout: 5000 });
    expect(first.health()).toMatchObject({ state: 'running', events: 2 });
  });

  it('is read on after a restart from where it was durable, with what was written in between', async () => {
    class Spooling extends RecordingSink {
      override emit(event: HostEvent, durable?: () => void): void {
        super.emit(event);
        durable?.();
      }
    }
    sink = new Spooling();
    writeFileSync(at('tetragon.log'), '');
    const first = await start({ tetragon: { file: at('tetragon.log') } });
    appendFileSync(at('tetragon.log'), `${exec('/bin/a')}\n`);
    await vi.waitFor(() => expect(sink.events).toHaveLength(1));
    await first.stop();
    appendFileSync(at('tetragon.log'), `${exec('/bin/b')}\n`);
    await start({ tetragon: { file: at('tetragon.log') } });
    await vi.waitFor(() => expect(sink.events).toHaveLength(2));
    expect(sink.events.map((event) => event.process?.executable)).toEqual(['/bin/a', '/bin/b']);
  });

  it('of Tetragon may hold lines of 200 KiB, which are read whole', async () => {
    writeFileSync(at('tetragon.log'), '');
    await start({ tetragon: { file: at('tetragon.log') } });
    const event = { pid: 7, binary: '/bin/x', arguments: 'a'.repeat(200_000) };
    appendFileSync(
      at('tetragon.log'),
      `${JSON.stringify({ process_exec: { process: event }, time: '2026-11-21T10:00:00Z' })}\n`,
    );
    await vi.waitFor(() => expect(sink.events).toHaveLength(1));
    expect(sink.events[0]!.process?.args?.[1]).toHaveLength(200_000);
    expect(sink.losses).toEqual([]);
  });

  it('with lines that are none of ours says in its health how many, and why', async () => {
    writeFileSync(at('tetragon.log'), '');
    const sensor = await start({ tetragon: { file: at('tetragon.log') } });
    const lines = ['no json', '{"process_tracepoint":{}}', '{"process_tracepoint":{}}', exec('/bin/id')];
    appendFileSync(at('tetragon.log'), `${lines.join('\n')}\n`);
    await vi.waitFor(() => expect(sink.events).toHaveLength(1));
    expect(sensor.health().detail).toContain('1 lines not taken: no JSON object');
    expect(sensor.health().detail).toContain('2 lines not taken: an event of Tetragon that maps to none of ours');
  });

  it('in which the tool says that it dropped events itself counts them as lost', async () => {
    writeFileSync(at('falco.json'), '');
    writeFileSync(at('tetragon.log'), '');
    await start({ falco: { file: at('falco.json') }, tetragon: { file: at('tetragon.log') } });
    const drops = falco({ n_drops: '10' }, { rule: 'Falco internal: syscall event drop' });
    appendFileSync(at('falco.json'), `${drops}\n`);
    const limited = { rate_limit_info: { number_of_dropped_process_events: '4' }, time: '2026-11-21T10:00:00Z' };
    appendFileSync(at('tetragon.log'), `${JSON.stringify(limited)}\n`);
    await vi.waitFor(() => expect(sink.losses).toHaveLength(2));
    expect(sink.losses).toContainEqual(
      expect.objectContaining({ sensor: 'import.falco', reason: 'kernel_overrun', count: 10 }),
    );
    expect(sink.losses).toContainEqual(
      expect.objectContaining({ sensor: 'import.tetragon', reason: 'kernel_overrun', count: 4 }),
    );
  });
});

describe("the listener for Falco's http_output", () => {
  async function listen(token?: string): Promise<string> {
    if (token) writeFileSync(at('token'), `${token}\n`);
    const sensor = await start({ falco: { http: { port: 0, ...(token && { tokenFile: at('token') }) } } });
    return sensor.health().source!;
  }
  const post = (url: string, body: string, headers: Record<string, string> = {}) =>
    fetch(url, { method: 'POST', body, headers }).then(({ status }) => status);

  it('takes one alert a request', async () => {
    const url = await listen();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const alert = falco({ 'fd.name': '10.0.0.1:40000->192.0.2.7:443', 'evt.type': 'connect' });
    expect(await post(url, alert)).toBe(200);
    expect(sink.events[0]).toMatchObject({
      class: EventClass.NETWORK,
      activity: Activity.CONNECTION_OPENED,
      network: { destinationAddress: '192.0.2.7', destinationPort: 443 },
    });
  });

  it('with a token refuses those who do not give it, and takes it in the path or as a bearer token', async () => {
    const url = await listen('s3cret');
    expect(await post(url, falco({}))).toBe(401);
    expect(await post(`${url}/s3cret2`, falco({}))).toBe(401);
    expect(sink.events).toEqual([]);
    expect(await post(`${url}/s3cret`, falco({}))).toBe(200);
    expect(await post(url, falco({}), { authorization: 'Bearer s3cret' })).toBe(200);
    expect(sink.events).toHaveLength(2);
  });

  it('refuses what is too large and counts it, what a browser sends, and what is no POST', async () => {
    const url = await listen();
    expect(await post(url, 'x'.repeat(300_000))).toBe(413);
    expect(sink.losses).toMatchObject([{ reason: 'line_oversized', count: 1 }]);
    expect(await post(url, falco({}), { origin: 'https://example.net' })).toBe(403);
    expect((await fetch(url)).status).toBe(405);
    expect(sink.events).toEqual([]);
  });

  it('takes a thousand alerts a second; those beyond are refused and counted', async () => {
    const url = await listen();
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const send = async (body: string) => {
      const sent = request(url, { method: 'POST', agent }).end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    const statuses = await Promise.all(Array.from({ length: 1500 }, (_, n) => send(falco({ 'proc.pid': n }))));
    agent.destroy();
    const refused = statuses.filter((status) => status === 429).length;
    expect(sink.events).toHaveLength(1500 - refused);
    expect(sink.losses.reduce((sum, { count }) => sum + (count ?? 0), 0)).toBe(refused);
  });

  it('without a token in its file does not start', async () => {
    writeFileSync(at('token'), '\n');
    await expect(start({ falco: { http: { port: 0, tokenFile: at('token') } } })).rejects.toThrow('holds no token');
  });
});
