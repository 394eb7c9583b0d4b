// From a line appended to a log to the alert line printed by `alerts watch`, one event at a time on a quiet system,
// beside the bare cost of the parts: inotify, a gRPC round trip, a COPY commit, a NATS round trip.
//
//   npm run bench:latency [-- --events 500]
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Deployment } from '../support/deployment.ts';
import { bareCopyCommit, bareGrpcRoundTrip, bareNatsRoundTrip } from './bare.ts';
import { percentile, printLatency, printResult, round } from './report.ts';

const { values } = parseArgs({ options: { events: { type: 'string', default: '500' } } });
const events = Number(values.events);
/** Mean of the exponential pause between two events. */
const PAUSE_MS_MEAN = 120;

const directory = mkdtempSync(join(tmpdir(), 'threatguard-latency-'));
const log = join(directory, 'auth.log');
writeFileSync(log, '');

/** A fact that makes an alert of its own: each line is of a user nobody has seen. */
function appendLine(user: string): void {
  const line = `${new Date().toISOString()} bench sudo: ${user} : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id\n`;
  appendFileSync(log, line);
}

function watchAlerts(deployment: Deployment, onLine: (line: string, atMs: number) => void): ChildProcess {
  const program = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'threatguard');
  const child = spawn(program, ['alerts', 'watch', '--output', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, THREATGUARD_HOME: deployment.home },
  });
  createInterface({ input: child.stdout }).on('line', (line) => onLine(line, performance.now()));
  return child;
}

async function measureLine(): Promise<number[]> {
  await using deployment = new Deployment();
  await deployment.start(['--auth-log', log]);
  const appended = new Map<string, number>();
  const latencies = new Map<string, number>();
  const watcher = watchAlerts(deployment, (line, atMs) => {
    const user = /\bbench[a-z]+\d+\b/.exec(line)?.[0];
    if (!user || latencies.has(user)) return;
    const since = appended.get(user);
    if (since !== undefined) latencies.set(user, atMs - since);
  });
  try {
    // The watcher is heard before anything is timed.
    for (let warmUp = 0; latencies.size < 5; warmUp++) {
      appended.set(`benchwarm${warmUp}`, performance.now());
      appendLine(`benchwarm${warmUp}`);
      await setTimeout(200);
      if (warmUp > 150) throw new Error(`no alert was printed for 30 s; up said:\n${deployment.notes}`);
    }
    latencies.clear();
    for (let event = 0; event < events; event++) {
      await setTimeout(-Math.log(1 - Math.random()) * PAUSE_MS_MEAN);
      appended.set(`benchuser${event}`, performance.now());
      appendLine(`benchuser${event}`);
    }
    for (let waited = 0; latencies.size < events && waited < 50; waited++) await setTimeout(100);
  } finally {
    watcher.kill('SIGTERM');
  }
  const timed = [...latencies].filter(([user]) => user.startsWith('benchuser')).map(([, ms]) => ms);
  if (timed.length < events) console.log(`${events - timed.length} of ${events} alerts were not printed within 5 s`);
  return timed;
}

async function bareInotify(): Promise<number[]> {
  const file = join(directory, 'inotify');
  writeFileSync(file, '');
  const samples: number[] = [];
  let sinceMs = 0;
  let seen: (() => void) | undefined;
  const watcher = watch(file, () => {
    if (!seen) return;
    samples.push(performance.now() - sinceMs);
    seen();
    seen = undefined;
  });
  for (let event = 0; event < events; event++) {
    await setTimeout(2);
    await new Promise<void>((resolve) => {
      seen = resolve;
      sinceMs = performance.now();
      appendFileSync(file, 'line\n');
    });
  }
  watcher.close();
  return samples;
}

try {
  const latencies = await measureLine();
  printLatency('log line appended -> alert line printed by alerts watch', latencies);
  printLatency('  bare: append -> inotify', await bareInotify());
  printLatency('  bare: gRPC round trip, mTLS, X25519MLKEM768', await bareGrpcRoundTrip(events));
  printLatency('  bare: COPY of one event and commit, PGlite', await bareCopyCommit(events, directory));
  printLatency('  bare: NATS JetStream publish and acknowledgement', await bareNatsRoundTrip(events));
  printResult({
    p50Ms: round(percentile(latencies, 0.5)),
    p95Ms: round(percentile(latencies, 0.95)),
    p99Ms: round(percentile(latencies, 0.99)),
    events: latencies.length,
  });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
