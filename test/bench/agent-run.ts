// One agent with one source of processes, as a real process against a real collector: what it holds, what it uses at rest
// and under load, and what it saw of it.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { consoleIdentityOf } from '../support/agent-identity.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { ConsoleClient } from '../support/collector.ts';
import { kernelAuditThread } from './auditd.ts';
import type { BenchCollector } from './bench-collector.ts';
import { type ExecRun, runExecs } from './exec-load.ts';
import { cpuSeconds, ResidentSampler, residentMiB } from './process-usage.ts';
import { printFigure, round } from './report.ts';
import type { Scope } from './scope.ts';

/** Start-up is over: code compiled, first snapshots taken. */
const WARM_UP_MS = 10_000;
/** Nothing new is stored for so long: all has arrived. */
const QUIET_MS = 3_000;
const DELIVERY_MS_MAX = 60_000;
const LINE_TICK_MS = 50;

export interface AgentOrder {
  source: string;
  rates: number[];
  seconds: number;
  idleSeconds: number;
  minutes: number;
  logLinesPerSecond: number;
}

export interface AgentFigures {
  source: string;
  agentId: string;
  /** By the agent itself; differs from the order where this host does not offer it. */
  usedSource: string;
  rssIdleMiB: number;
  rssLoadMiB: number;
  idleCpuPercent: number;
  runs: (ExecRun & { tag: string; perSecond: number; cpuPercent: number; cpuUsPerExec: number })[];
  logCpuPercent: number;
  logLines: number;
  /** Counted by the agent, by sensor and reason. */
  losses: Record<string, number>;
}

export async function runAgent(
  scope: Scope,
  collector: BenchCollector,
  order: AgentOrder,
  signal: AbortSignal,
): Promise<AgentFigures> {
  const { source, seconds } = order;
  const home = join(collector.home, `agent-${source}`);
  const log = join(collector.home, `bench-${source}.log`);
  writeFileSync(log, '');
  const settings = `sensors:\n  auth: { logs: [${log}] }\n  process: { source: ${source} }\n`;
  const name = `bench-${source}`;
  const token = await collector.createToken(1);
  await AgentProcess.enrol({ home, log, collector: collector.address, token, name, settings });
  const agent = await scope.hold(AgentProcess.start(home));
  const client = new ConsoleClient(collector.address, consoleIdentityOf(collector.home));
  scope.defer(() => client[Symbol.dispose]());
  // What the kernel's audit thread does is done for the one who reads.
  const used = () => cpuSeconds(agent.pid) + (source === 'audit' ? cpuSeconds(kernelAuditThread()) : 0);
  const during = async (work: () => Promise<unknown>) => {
    const [sinceMs, before] = [performance.now(), used()];
    await work();
    const cpu = used() - before;
    return { cpu, percent: (100 * cpu) / ((performance.now() - sinceMs) / 1000) };
  };

  await setTimeout(WARM_UP_MS, undefined, { signal });
  const idle = await during(() => setTimeout(order.idleSeconds * 1000, undefined, { signal }));
  printFigure(`${source}: CPU at rest, ${order.idleSeconds} s`, `${round(idle.percent)} % of a core`);

  const runs: AgentFigures['runs'] = [];
  using resident = new ResidentSampler(agent.pid);
  for (const perSecond of order.rates) {
    const tag = `tgb-${process.pid}-${source}-${perSecond}`;
    let run: ExecRun | undefined;
    const { cpu, percent } = await during(async () => {
      run = await runExecs({ tag, perSecond, seconds, signal });
    });
    // All it used meanwhile, as it is for auditd: what a quiet host costs is not taken off.
    const cpuUsPerExec = (cpu * 1e6) / run!.execs;
    runs.push({ ...run!, tag, perSecond, cpuPercent: percent, cpuUsPerExec });
    const text = `${round(percent)} % of a core, ${round(cpuUsPerExec, 0)} us an exec`;
    printFigure(`${source}: ${round(run!.execs / run!.seconds, 0)} exec/s (${run!.execs} in all)`, text);
    await delivered(client, signal);
  }
  let logLines = 0;
  const lines = await during(async () => {
    logLines = await writeLines(log, order.logLinesPerSecond, seconds, signal);
  });
  printFigure(`${source}: ${order.logLinesPerSecond} log lines/s`, `${round(lines.percent)} % of a core`);
  await delivered(client, signal);
  const rssLoadMiB = Math.max(...resident.samplesMiB);
  printFigure(`${source}: resident, at most under load`, `${round(rssLoadMiB, 1)} MiB`);

  if (order.minutes > 0) await setTimeout(order.minutes * 60_000, undefined, { signal });
  const rssIdleMiB = residentMiB(agent.pid, 'VmRSS');
  printFigure(`${source}: resident after ${order.minutes} more minutes`, `${round(rssIdleMiB, 1)} MiB`);

  const { agent: summary, losses = [] } = await client.agent(name);
  const usedSource = summary?.sensors?.find(({ sensor }) => sensor === 'process')?.source ?? 'unknown';
  await agent.stop('SIGTERM');
  return {
    source,
    agentId: summary?.id ?? '',
    usedSource,
    rssIdleMiB,
    rssLoadMiB,
    idleCpuPercent: idle.percent,
    runs,
    logCpuPercent: lines.percent,
    logLines,
    losses: Object.fromEntries(losses.map(({ sensor, reason, count }) => [`${sensor}: ${reason}`, count ?? 0])),
  };
}

/** Resolves when what is stored stays the same for a while. */
async function delivered(client: ConsoleClient, signal: AbortSignal): Promise<void> {
  let stored = -1;
  for (const sinceMs = performance.now(); performance.now() - sinceMs < DELIVERY_MS_MAX; ) {
    const now = (await client.status()).eventsStored ?? 0;
    // Other processes of this host are seen too, so "the same" is "hardly more".
    if (now - stored < 200 && stored >= 0) return;
    stored = now;
    await setTimeout(QUIET_MS, undefined, { signal });
  }
}

async function writeLines(log: string, perSecond: number, seconds: number, signal: AbortSignal): Promise<number> {
  const sinceMs = performance.now();
  let written = 0;
  for (let tick = 1; tick * LINE_TICK_MS <= seconds * 1000; tick++) {
    await setTimeout(Math.max(0, sinceMs + tick * LINE_TICK_MS - performance.now()), undefined, { signal });
    const due = Math.floor((perSecond * tick * LINE_TICK_MS) / 1000) - written;
    const time = new Date().toISOString();
    const lines = Array.from({ length: due }, (_, line) => {
      const number = written + line;
      return `${time} bench sshd[${number}]: Failed password for invalid user tgb${number} from 192.0.2.1 port ${number % 60_000} ssh2\n`;
    });
    appendFileSync(log, lines.join(''));
    written += due;
  }
  return written;
}
