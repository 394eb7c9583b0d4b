// What an agent costs a host, and what it sees of a thousand processes a second: memory, CPU at rest and under load, and the
// share of processes it caught with all their arguments, for each source of processes apart; beside auditd writing the same
// to disk on the same machine in the same run.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Database } from '../../collector/src/store/database.ts';
import { type AgentFigures, runAgent } from './agent-run.ts';
import { Auditd, auditdAvailable } from './auditd.ts';
import { positive, positiveIntegers, readBenchArguments } from './bench-arguments.ts';
import { BenchCollector, makeHome } from './bench-collector.ts';
import { availableEngines, startEngine, temporaryDirectory } from './bench-engines.ts';
import { LOAD_ARGUMENTS, runExecs } from './exec-load.ts';
import { printFigure, printResult, round } from './report.ts';
import { runBench, type Scope } from './scope.ts';

const SOURCES = ['ebpf', 'audit', 'proc-connector'];
const OPTIONS = {
  sources: { value: SOURCES.join(','), help: 'of processes: ebpf, audit, proc-connector, proc-scan' },
  rates: { value: '10,100,1000', help: 'execs a second; the last one is what is compared' },
  seconds: { value: '20', help: 'seconds of each load' },
  'idle-seconds': { value: '30', help: 'seconds at rest for idleCpuPercent' },
  minutes: { value: '10', help: 'minutes after the load until the steady memory is read' },
  lines: { value: '1000', help: 'log lines a second' },
};
const ABOUT = {
  summary: `npm run bench:agent -- [OPTIONS]: memory and CPU of the agent, and what it catches, by source of processes
As root. Kernel audit is used and left as it was found; with auditd installed and not running, it is measured beside.
As it stands it takes about 40 minutes: 12 for each source, 10 of them at rest after the load.`,
  examples: [
    'npm run bench:agent',
    'npm run bench:agent -- --sources ebpf --minutes 1',
    'npm run bench:agent -- --rates 1000 --seconds 5 --idle-seconds 5 --minutes 0.1',
  ],
};
const SETTLE_MS = 2_000;

interface AuditdFigures {
  cpuUsPerExec: number;
  writtenRatio: number;
}

async function runAuditd(
  scope: Scope,
  perSecond: number,
  seconds: number,
  signal: AbortSignal,
): Promise<AuditdFigures> {
  const part = await scope.part();
  const auditd = await part.hold(Auditd.start(temporaryDirectory(part)));
  const tag = `tgb-${process.pid}-auditd`;
  const before = auditd.cpuSeconds();
  const { execs } = await runExecs({ tag, perSecond, seconds, signal });
  await setTimeout(SETTLE_MS, undefined, { signal });
  const figures = {
    cpuUsPerExec: ((auditd.cpuSeconds() - before) * 1e6) / execs,
    writtenRatio: auditd.written(tag) / execs,
  };
  const text = `${round(figures.cpuUsPerExec, 0)} us an exec, ${round(100 * figures.writtenRatio)} % on disk`;
  printFigure(`auditd (with kauditd): ${perSecond} exec/s`, text);
  await part[Symbol.asyncDispose]();
  return figures;
}

/** What is stored of a load: execs, and those with every argument. A process that was gone names no program. */
async function captured(database: Database, agentId: string, run: AgentFigures['runs'][number]) {
  const line = `/bin/true ${run.tag}-% ${LOAD_ARGUMENTS.replaceAll("'", '')}`;
  const [row] = await database.query(
    `select count(distinct process_command_line) filter (where process_command_line like $2) as whole,
       count(*) filter (where process_command_line like $3) as named,
       count(*) filter (where process_executable is null and process_name is null
         and event_at between to_timestamp($4::double precision) and to_timestamp($5::double precision)) as gone
     from events where agent_id = $1 and class = 2`,
    [agentId, line, `/bin/true ${run.tag}-%`, run.startedAtMs / 1000, run.startedAtMs / 1000 + run.seconds + 1],
  );
  const { whole, named, gone } = row as { whole: number; named: number; gone: number };
  return { exec: Math.min(1, (named + gone) / run.execs), args: whole / run.execs };
}

async function printAgent(database: Database, figures: AgentFigures, auditd: AuditdFigures | undefined): Promise<void> {
  for (const run of figures.runs) {
    const { exec, args } = await captured(database, figures.agentId, run);
    const text = `${round(100 * exec, 3)} % caught, ${round(100 * args, 3)} % with all arguments`;
    printFigure(`${figures.source}: of ${run.execs} execs at ${run.perSecond}/s`, text);
  }
  const lines = await database.query("select count(*) as n from events where agent_id = $1 and user_name like 'tgb%'", [
    figures.agentId,
  ]);
  printFigure(`${figures.source}: of ${figures.logLines} log lines`, `${lines[0]!.n} stored`);
  const last = figures.runs.at(-1)!;
  const ratio = await captured(database, figures.agentId, last);
  printResult({
    source: figures.source,
    usedSource: figures.usedSource,
    rssIdleMiB: round(figures.rssIdleMiB, 1),
    rssLoadMiB: round(figures.rssLoadMiB, 1),
    idleCpuPercent: round(figures.idleCpuPercent),
    execPerSecond: round(last.execs / last.seconds, 0),
    execCapturedRatio: round(ratio.exec, 5),
    argsCapturedRatio: round(ratio.args, 5),
    cpuPerExecVsAuditd: auditd ? round(last.cpuUsPerExec / auditd.cpuUsPerExec) : null,
    cpuUsPerExec: round(last.cpuUsPerExec, 0),
    cpuPercentByRate: Object.fromEntries(figures.runs.map((run) => [run.perSecond, round(run.cpuPercent)])),
    logLinesCpuPercent: round(figures.logCpuPercent),
    losses: figures.losses,
  });
}

await runBench('bench:agent', async (scope) => {
  const given = readBenchArguments(OPTIONS, ABOUT);
  if (!given) return;
  const rates = positiveIntegers('rates', given.rates);
  const seconds = positive('seconds', given.seconds);
  const order = {
    rates,
    seconds,
    idleSeconds: positive('idle-seconds', given['idle-seconds']),
    minutes: positive('minutes', given.minutes),
    logLinesPerSecond: positive('lines', given.lines),
  };
  const interrupted = new AbortController();
  const home = await makeHome(scope);
  const [engineName = 'pglite'] = availableEngines(undefined).toReversed();
  const engine = await startEngine(engineName, scope);
  const made = await engine.createDatabase(scope);
  const collector = await BenchCollector.start(scope, made, { home });
  scope.defer(() => interrupted.abort());
  const figures: AgentFigures[] = [];
  for (const source of given.sources.split(',')) {
    const part = await scope.part();
    figures.push(await runAgent(part, collector, { ...order, source }, interrupted.signal));
    await part[Symbol.asyncDispose]();
  }
  const auditd = auditdAvailable()
    ? await runAuditd(scope, rates.at(-1)!, seconds, interrupted.signal)
    : printFigure('auditd', 'not measured: it needs root, auditd installed, and none running');
  await collector.stop();
  await using database = made.open(join(home, 'collector', 'store'));
  for (const each of figures) await printAgent(database, each, auditd ?? undefined);
});
