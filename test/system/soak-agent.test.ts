import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readHostFacts } from '../../agent/src/host-facts.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { endChild } from '../support/child-server.ts';
import { TestCollector } from '../support/collector.ts';
import type { Memory } from '../support/settled-memory.ts';
import { SOAK_HOURS, SOAK_MS_MAX, trend } from '../support/soak.ts';

const PROGRAM = fileURLToPath(new URL('../support/soak-agent.ts', import.meta.url));
/** Of fleet time, between two times that lines are written. */
const STEP_MINUTES = 12;
const STEPS = (SOAK_HOURS * 60) / STEP_MINUTES;
const LINES = 80;
/** logrotate comes once a day. */
const ROTATE_EVERY = (24 * 60) / STEP_MINUTES;
const MEASURE_EVERY = 10;
const MIB = 1024 * 1024;
/** Of the trend over the second half: 17 over 72 hours, 9 over 144, flat after 100 (measured): code, not events. */
const HEAP_BYTES_PER_EVENT_MAX = 40;
const RSS_GROWTH_MAX = 24 * MIB;

test(`${SOAK_HOURS} hours of a host at once leave the memory of its agent as it was after the first half`, {
  timeout: SOAK_MS_MAX,
}, async () => {
  let nowMs = Date.now();
  await using collector = await TestCollector.start({ nowMs: () => nowMs });
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-soak-agent-'));
  const home = join(directory, 'agent');
  const log = join(directory, 'auth.log');
  writeFileSync(log, '');
  const { token } = await collector.console.createToken();
  // Of this host: one that says another in its hello is taken for a clone.
  const { machineId } = readHostFacts();
  await enrol({ home, collector: collector.address, token: token!, name: 'soak', machineId, force: false });
  const child = fork(PROGRAM, [home, log, String(nowMs)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    await answerOf(child);
    const samples: Memory[] = [];
    for (let step = 1; step <= STEPS; step++) {
      nowMs += STEP_MINUTES * 60_000;
      if (step % ROTATE_EVERY === 0) {
        renameSync(log, `${log}.1`);
        writeFileSync(log, '');
      }
      // First the clock: lines of the future are refused.
      await ask(child, { nowMs });
      appendFileSync(log, linesOf(step, nowMs));
      expect(await ask(child, { events: step * LINES })).toEqual({ delivered: step * LINES });
      if (step % MEASURE_EVERY === 0) samples.push((await ask(child, { measure: true })) as Memory);
    }
    const { eventsStored, losses } = await collector.console.status();
    expect({ eventsStored, losses }).toEqual({ eventsStored: STEPS * LINES, losses: [] });

    const late = samples.slice(samples.length / 2);
    const heapPerEvent = trend(late.map(({ heap }, index) => ({ x: index * MEASURE_EVERY * LINES, y: heap })));
    const inMib = (of: keyof Memory) => samples.map((sample) => (sample[of] / MIB).toFixed(1)).join(' ');
    console.log(`${STEPS * LINES} events over ${SOAK_HOURS} h: heap ${inMib('heap')} MiB, rss ${inMib('rss')} MiB`);
    console.log(`trend of the heap over the second half: ${heapPerEvent.toFixed(2)} bytes an event`);
    expect(heapPerEvent).toBeLessThan(HEAP_BYTES_PER_EVENT_MAX);
    const least = (of: Memory[]) => Math.min(...of.map(({ rss }) => rss));
    const warm = samples.slice(samples.length / 4, samples.length / 2);
    expect(least(late) - least(warm)).toBeLessThan(RSS_GROWTH_MAX);
  } finally {
    await endChild(child, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});

async function ask(child: ChildProcess, question: object): Promise<unknown> {
  const answered = answerOf(child);
  child.send(question);
  return answered;
}

/** What it says next; rejects where it ends instead. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  try {
    const ended = once(child, 'exit', over).then(([code]) => Promise.reject(new Error(`the agent ended with ${code}`)));
    const [message] = await Promise.race([once(child, 'message', over), ended]);
    return message;
  } finally {
    over.abort();
  }
}

/** Every line is an event, of users and addresses that were never seen before. */
function linesOf(step: number, nowMs: number): string {
  const time = new Date(nowMs).toISOString();
  return Array.from({ length: LINES }, (_, index) => {
    const [pid, address] = [step * LINES + index, `2001:db8::${step.toString(16)}:${index.toString(16)}`];
    return index % 4 === 0
      ? `${time} soak sshd[${pid}]: Accepted publickey for user${pid} from ${address} port 50273 ssh2: ED25519 SHA256:x\n`
      : `${time} soak sshd[${pid}]: Failed password for invalid user user${pid} from ${address} port 50273 ssh2\n`;
  }).join('');
}
