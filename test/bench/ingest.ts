// How many events per second one collector takes: signed, sealed, over mTLS, verified, detected, stored, acknowledged.
// The agents that send them run in a process of their own; the bare COPY of the same rows into the same database in the same
// run stands beside the result; what was acknowledged is held against what is stored, by count and by digest.
//
//   npm run bench:ingest [-- --engine pglite|postgresql --agents 50 --seconds 20 --events-per-batch 500]
//   THREATGUARD_BENCH_URL=postgres://... names a server to use instead of one of our own.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { Batch, EnvelopeHeader, HostEvent, sha256 } from '@threatguard/proto';
import type { EnrichedBatch } from '../../collector/src/batch.ts';
import type { StageReport } from '../../collector/src/stage-clock.ts';
import type { Database } from '../../collector/src/store/database.ts';
import { EVENT_COLUMNS, encodeEventRows } from '../../collector/src/store/event-rows.ts';
import { openDatabase } from '../../collector/src/store/open.ts';
import { freePort } from '../support/child-server.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import { ROOT } from '../support/source-files.ts';
import { mixedEvent } from './event-mix.ts';
import type { LoadOrder, LoadResult } from './ingest-load.ts';
import { printResult, round } from './report.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    agents: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    'events-per-batch': { type: 'string', default: '500' },
  },
});
const agents = Number(values.agents);
const seconds = Number(values.seconds);
const eventsPerBatch = Number(values['events-per-batch']);

const BIN = join(ROOT, 'node_modules', '.bin');

function run(command: string, args: string[], environment: Record<string, string> = {}) {
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
}

async function output(child: ReturnType<typeof run>, what: string): Promise<string> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`${what} ended with ${code}:\n${stderr}`);
  if (stderr) console.error(stderr.split('\n').slice(0, 5).join('\n'));
  return stdout;
}

/** The collector as an operator runs it; resolves once it serves. */
async function startCollector(home: string, databaseUrl: string | undefined) {
  await output(
    run(join(BIN, 'threatguard-collector'), ['init', '--home', home, '--listen', `127.0.0.1:${await freePort()}`]),
    'init',
  );
  const environment: Record<string, string> = { THREATGUARD_STAGE_CLOCK: '1' };
  if (databaseUrl) environment.THREATGUARD_DATABASE_URL = databaseUrl;
  const child = run(join(BIN, 'threatguard-collector'), ['run', '--home', home], environment);
  const log: string[] = [];
  const stages = Promise.withResolvers<StageReport[]>();
  const listening = Promise.withResolvers<string>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line);
    if (log.length > 200) log.shift();
    if (line.includes('"msg":"ready"')) listening.resolve(JSON.parse(line).listen);
    if (line.includes('"msg":"stages"')) stages.resolve(JSON.parse(line).threads);
  });
  child.once('exit', (code) => listening.reject(new Error(`the collector ended with ${code}:\n${log.join('\n')}`)));
  return { child, address: await listening.promise, stages: stages.promise };
}

function rssMiB(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** User and system time of a process and its threads, in seconds; proc(5), clock ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

interface Held {
  events: number;
  twice: number;
  headers: string;
  /** Sum over the first 60 bits of the SHA-256 of each event, as stored and as signed. */
  stored: string;
  signed: string;
}

/** Reads back everything: rows of events, and the signed payloads that they must have come from. */
async function readBack(database: Database): Promise<Held> {
  const [rows] = await database.query(
    `select count(*) as events,
       coalesce(sum(('x' || substr(encode(sha256(event), 'hex'), 1, 15))::bit(60)::bigint::numeric), 0)::text as digest
     from events`,
  );
  const [twice] = await database.query(
    `select count(*) as groups from
       (select 1 from events group by agent_id, stream_id, sequence, event_index having count(*) > 1) as repeated`,
  );
  const headers = new Uint8Array(32);
  let signed = 0n;
  const keys = await database.query(
    'select agent_id::text as agent, stream_id, sequence from envelopes order by 1, 2, 3',
  );
  for (let from = 0; from < keys.length; from += 64) {
    const page = keys.slice(from, from + 64);
    const evidence = await database.query(
      `select header, payload from evidence where (agent_id, stream_id, sequence) in
         (${page.map((_, index) => `($${index * 3 + 1}::uuid, $${index * 3 + 2}::bytea, $${index * 3 + 3}::bigint)`).join(',')})`,
      page.flatMap((key) => [key.agent, key.stream_id, key.sequence]),
    );
    for (const { header, payload } of evidence) {
      const digest = sha256(header);
      for (let byte = 0; byte < 32; byte++) headers[byte]! ^= digest[byte]!;
      const { payloadDigest } = EnvelopeHeader.decode(header);
      if (!sha256(payload).equals(Buffer.from(payloadDigest)))
        throw new Error('a stored payload is not the one signed');
      for (const event of Batch.decode(zstdDecompressSync(payload)).events) {
        const hex = createHash('sha256').update(HostEvent.encode(event).finish()).digest('hex');
        signed += BigInt(`0x${hex.slice(0, 15)}`);
      }
    }
  }
  return {
    events: Number(rows!.events),
    twice: Number(twice!.groups),
    headers: Buffer.from(headers).toString('hex'),
    stored: rows!.digest,
    signed: String(signed),
  };
}

/** Rows per second of nothing but COPY: the same rows, into the same table, in commits of the size the collector makes. */
async function bareCopy(database: Database): Promise<number> {
  const rowsPerCopy = 10 * eventsPerBatch;
  const copies = Array.from({ length: 8 }, (_, copy) => {
    const atUs = Date.now() * 1000;
    const events = Array.from({ length: rowsPerCopy }, (_unused, index) =>
      mixedEvent(copy * rowsPerCopy + index, atUs + index),
    );
    const batch = {
      agentId: '00000000-0000-4000-8000-00000000bbbb',
      receivedAtUs: atUs,
      header: { streamId: new Uint8Array(16), sequence: copy + 1 },
      events,
      eventTimesUs: Float64Array.from(events, (event) => event.observedAtUs ?? 0),
    } as unknown as EnrichedBatch;
    return encodeEventRows([batch]);
  });
  let rows = 0;
  const startedMs = performance.now();
  while (performance.now() - startedMs < 8_000) {
    for (const copy of copies) await database.copyIn('events', EVENT_COLUMNS, copy);
    rows += rowsPerCopy * copies.length;
  }
  return rows / ((performance.now() - startedMs) / 1000);
}

/** Microseconds per event: each stage of each thread, what else the thread did, and other threads (an embedded database). */
function printStages(threads: readonly StageReport[], processSeconds: number): void {
  const events = threads[0]!.events;
  const print = (name: string, spentMs: number) =>
    console.log(`  ${name.padEnd(48)} ${((spentMs * 1000) / events).toFixed(2)} µs an event`);
  for (const { thread, stagesMs, threadMs } of threads) {
    const { commit, ...onThread } = stagesMs;
    const staged = Object.values(onThread).reduce((sum, each) => sum + each, 0);
    for (const [stage, spentMs] of Object.entries(onThread)) if (spentMs > 0) print(`${thread}: ${stage}`, spentMs);
    print(`${thread}: frames, gRPC, TLS, messages, runtime`, threadMs - staged);
    if (commit > 0) print('waiting for commits (elapsed)', commit);
  }
  print('other threads', processSeconds * 1000 - threads.reduce((sum, { threadMs }) => sum + threadMs, 0));
}

async function measure(engine: string, databaseUrl: string | undefined): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-ingest-'));
  try {
    const home = join(directory, 'home');
    const { child, address, stages } = await startCollector(home, databaseUrl);
    const words = ['agents', 'token', 'create', '--uses', String(agents + 1), '--output', 'json', '--home', home];
    const { token } = JSON.parse(await output(run(join(BIN, 'threatguard'), words), 'token create'));
    const order: LoadOrder = { collector: address, token, directory, agents, seconds, eventsPerBatch };
    console.log(`${engine}: ${agents} agents, ${eventsPerBatch} events a batch, ${seconds} s ...`);
    const cpuBefore = cpuSeconds(child.pid!);
    const load = JSON.parse(
      await output(
        run(process.execPath, [
          '--disable-warning=ExperimentalWarning',
          join(import.meta.dirname, 'ingest-load.ts'),
          JSON.stringify(order),
        ]),
        'the load',
      ),
    ) as LoadResult;
    const cpu = cpuSeconds(child.pid!) - cpuBefore;
    const rss = rssMiB(child.pid!);
    child.kill('SIGTERM');
    const report = await stages;
    await new Promise((resolve) => child.once('exit', resolve));
    printStages(report, cpu);

    await using database = openDatabase({ url: databaseUrl, directory: join(home, 'collector', 'store') });
    const held = await readBack(database);
    const copyRowsPerSecond = await bareCopy(database);
    const whole = held.headers === load.digest && held.stored === held.signed;
    const eventsPerSecond = load.events / load.seconds;
    const figures = [
      [
        'sent, analysed, durable and acknowledged',
        `${Math.round(eventsPerSecond)} events/s over ${round(load.seconds, 1)} s`,
      ],
      ['bare COPY of such rows, same table, same run', `${Math.round(copyRowsPerSecond)} rows/s`],
      ['send to acknowledgement', `p50 ${round(load.ackP50Ms, 1)} ms, p99 ${round(load.ackP99Ms, 1)} ms`],
      [
        'single events of a quiet agent, p99',
        `${round(load.fastLaneAloneP99Ms, 1)} ms alone, ${round(load.fastLaneP99Ms, 1)} ms beside the others`,
      ],
      ['CPU', `collector ${round(cpu, 1)} s (embedded database included), load ${round(load.cpuSeconds, 1)} s`],
      ['collector, peak resident', `${Math.round(rss)} MiB`],
      ['acknowledged', `${load.events} events in ${load.envelopes} envelopes, ${load.refused} refused`],
      ['stored', `${held.events} events, ${held.twice} twice; digests ${whole ? 'agree' : 'DO NOT AGREE'}`],
    ];
    for (const [name, figure] of figures) console.log(`  ${name!.padEnd(48)} ${figure}`);
    printResult({
      engine,
      agents,
      eventsPerSecond: Math.round(eventsPerSecond),
      copyRowsPerSecond: Math.round(copyRowsPerSecond),
      ratio: round(eventsPerSecond / copyRowsPerSecond),
      lost: load.events - held.events + held.twice + (whole ? 0 : 1),
      duplicated: held.twice,
      ackP99Ms: round(load.ackP99Ms, 1),
      fastLaneP99Ms: round(load.fastLaneP99Ms, 1),
      fastLaneAloneP99Ms: round(load.fastLaneAloneP99Ms, 1),
      rssMiB: Math.round(rss),
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const url = process.env.THREATGUARD_BENCH_URL;
const engines = values.engine ? [values.engine] : ['pglite', ...(url || postgresAvailable() ? ['postgresql'] : [])];
for (const engine of engines) {
  if (engine === 'pglite') await measure(engine, undefined);
  else if (url) await measure(engine, url);
  else {
    await using server = await startPostgres();
    await measure(engine, server.createDatabase());
  }
}
