// How many events one core takes through 10, 75 and all rules (built in and SigmaHQ's, where ../shared/data has them), beside
// an empty loop over the same decoded events.
// Run: node test/bench/rules.ts [directory of further rules]. One JSON object a line, the last for all rules.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Batch, type HostEvent } from '@threatguard/proto';
import type { EnrichedBatch } from '../../collector/src/batch.ts';
import { compileRules, readRuleFiles } from '../../collector/src/detect/rules/load.ts';
import type { Rule } from '../../collector/src/detect/rules/rule.ts';
import { RuleEngine } from '../../collector/src/detect/rules/rule-engine.ts';
import { enrichedBatch, hostEvent, STARTED_AT_US } from '../support/rule-events.ts';

const BATCH_EVENTS = 500;
const BATCHES = 200;
const SECONDS_MIN = 3;

const COMMANDS = [
  ['/usr/bin/dash', 'sh', '-c', 'test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }'],
  ['/usr/bin/gcc', 'gcc', '-O2', '-Wall', '-Iinclude', '-c', 'src/parser/expression.c', '-o', 'build/expression.o'],
  ['/usr/bin/git', 'git', 'fetch', '--prune', 'origin'],
  ['/usr/bin/node', 'node', '--experimental-strip-types', 'scripts/build.ts', '--watch', '--target', 'production'],
  ['/usr/bin/python3.11', 'python3', '/opt/app/manage.py', 'migrate', '--noinput'],
  ['/usr/bin/ls', 'ls', '-la', '/var/lib/postgresql/15/main'],
  ['/usr/bin/systemctl', 'systemctl', 'is-active', 'nginx.service'],
  ['/usr/bin/grep', 'grep', '-rn', 'TODO', '/home/alice/src/project'],
];

/** Of 100 events: 62 programs, 22 connections, 8 logons, 5 files, 3 samples; two of the logons are failures. */
function ordinaryEvent(n: number, atUs: number): HostEvent {
  const kind = n % 100;
  if (kind < 62) {
    const [executable, ...args] = COMMANDS[n % COMMANDS.length]!;
    const process = { pid: 1000 + n, parentPid: 900 + (n % 50), name: args[0], executable, args, loginUid: 1000 };
    const parent = { parentName: 'bash', parentExecutable: '/usr/bin/bash', workingDirectory: '/home/alice' };
    const user = { name: 'alice', id: 1000 };
    return hostEvent({ class: 'PROCESS', activity: 'EXEC', user, process: { ...process, ...parent } }, atUs);
  }
  if (kind < 84) {
    const network = { transport: 'tcp', direction: 2, sourceAddress: '10.0.0.5', sourcePort: 40_000 + (n % 20_000) };
    const peer = { destinationAddress: `10.1.${n % 200}.7`, destinationPort: 443 };
    const process = { pid: 800, executable: '/usr/bin/node', name: 'node' };
    return hostEvent(
      { class: 'NETWORK', activity: 'CONNECTION_OPENED', process, network: { ...network, ...peer } },
      atUs,
    );
  }
  if (kind < 92) {
    const outcome = kind < 86 ? 'FAILURE' : 'SUCCESS';
    const authentication = {
      method: 'password',
      sourceAddress: `192.0.${n % 250}.${(n >> 8) % 250}`,
      sourcePort: 5022,
    };
    const user = { name: `user${n % 300}` };
    return hostEvent(
      { class: 'AUTHENTICATION', activity: 'LOGON', outcome, serviceName: 'sshd', user, authentication },
      atUs,
    );
  }
  if (kind < 97) {
    return hostEvent(
      { class: 'FILE', activity: 'FILE_MODIFIED', file: { path: `/etc/app/conf.d/${n % 40}.conf` } },
      atUs,
    );
  }
  return hostEvent({ class: 'HOST', activity: 'SAMPLE', host: { cpuPercent: 12, load1: 0.4 } }, atUs);
}

function decodedBatches(): EnrichedBatch[] {
  const batches: EnrichedBatch[] = [];
  for (let at = 0; at < BATCHES; at++) {
    const events = Array.from({ length: BATCH_EVENTS }, (_, index) => {
      const n = at * BATCH_EVENTS + index;
      return ordinaryEvent(n, STARTED_AT_US + n * 1_000);
    });
    // Through the wire form, so that the objects have the shape the collector sees.
    const decoded = Batch.decode(Batch.encode({ events }).finish()).events as HostEvent[];
    batches.push(enrichedBatch(decoded, { agentId: `agent-${at % 20}`, sequence: at }));
  }
  return batches;
}

function eventsPerSecond(batches: readonly EnrichedBatch[], pass: (batch: EnrichedBatch) => number): [number, number] {
  let found = 0;
  for (const batch of batches) found += pass(batch);
  let events = 0;
  const startedAt = performance.now();
  let seconds = 0;
  while (seconds < SECONDS_MIN) {
    for (const batch of batches) {
      found += pass(batch);
      events += batch.events.length;
    }
    seconds = (performance.now() - startedAt) / 1000;
  }
  return [Math.round(events / seconds), found];
}

const sigmaHq = fileURLToPath(new URL('../../../shared/data/sigma-linux-rules', import.meta.url));
const directories = [
  fileURLToPath(new URL('../../collector/rules', import.meta.url)),
  ...(existsSync(sigmaHq) ? [sigmaHq] : []),
  ...process.argv.slice(2),
];
const all = compileRules(directories.flatMap(readRuleFiles)).rules.map(({ rule }) => rule);
const single = all.filter(({ kind }) => kind === 'event');
const batches = decodedBatches();

const [emptyLoopEventsPerSecond] = eventsPerSecond(batches, ({ events, eventTimesUs }) => {
  let seen = 0;
  for (let index = 0; index < events.length; index++) {
    if ((events[index]!.class ?? 0) > 0 && eventTimesUs[index]! > 0) seen++;
  }
  return seen;
});

/** Spread over all of them; correlations only where everything they refer to is there. */
function someRules(count: number): Rule[] {
  return Array.from({ length: count }, (_, n) => single[Math.floor((n * single.length) / count)]!);
}

for (const rules of [...[10, 75].filter((count) => count <= single.length).map(someRules), all]) {
  const engine = new RuleEngine(rules);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const [rulesEventsPerSecond, detections] = eventsPerSecond(batches, (batch) => engine.inspect(batch).length);
  const cpu = process.cpuUsage(cpuBefore);
  // On a machine that is busy otherwise this says how much of a core the wall clock stands for.
  const share = (cpu.user + cpu.system) / 1000 / (performance.now() - startedAt);
  console.error(
    `${rules.length} rules, ${detections} detections, disabled: ${engine.disabled().length}, CPU: ${share.toFixed(2)} cores`,
  );
  console.log(
    JSON.stringify({
      rules: rules.length,
      eventsPerSecond: rulesEventsPerSecond,
      emptyLoopEventsPerSecond,
      rssMiB: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    }),
  );
}
