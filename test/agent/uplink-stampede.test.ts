// A fleet that loses its collector at one moment, in virtual time: the waits are those of the real code.
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../agent/src/uplink/backoff.ts';
import { seededRandom } from '../support/seeded-random.ts';

const AGENTS = 1_000;
/** 1,000 over the first wait of 4 s are 250 a second; who fails at once and tries again makes it 375; the rest is chance. */
const ATTEMPTS_PER_SECOND_MAX = 400;
const SECONDS = 300;

/**
 * Attempts in each second after all agents lost the collector at 0. It answers from `backMs` on, and then takes
 * `handshakesPerSecond`: who finds it busy fails as one who finds it away.
 */
function reconnect(parts: { backMs: number; handshakesPerSecond: number; seed: number }) {
  const random = seededRandom(parts.seed);
  const attempts = new Array<number>(SECONDS).fill(0);
  const welcomed = new Array<number>(SECONDS).fill(0);
  const waiting = Array.from({ length: AGENTS }, () => ({ atMs: backoffMs(0, random), failures: 1 }));
  let connectedMs = 0;
  while (waiting.length > 0) {
    waiting.sort((a, b) => a.atMs - b.atMs);
    const agent = waiting.shift()!;
    const second = Math.floor(agent.atMs / 1000);
    if (second >= SECONDS) throw new Error(`${waiting.length + 1} agents are still away after ${SECONDS} s`);
    attempts[second]!++;
    if (agent.atMs >= parts.backMs && welcomed[second]! < parts.handshakesPerSecond) {
      welcomed[second]!++;
      connectedMs = agent.atMs;
    } else {
      waiting.push({ atMs: agent.atMs + 1 + backoffMs(agent.failures, random), failures: agent.failures + 1 });
    }
  }
  return { attempts, connectedMs };
}

describe(`${AGENTS} agents whose collector restarts`, () => {
  test.each([
    { name: 'at once', backMs: 0, withinS: 5 },
    { name: 'after 3 s', backMs: 3_000, withinS: 45 },
    { name: 'after 30 s', backMs: 30_000, withinS: 75 },
    { name: 'after two minutes', backMs: 120_000, withinS: 180 },
  ])('$name: attempts in any second are bounded, and all come back', ({ backMs, withinS }) => {
    for (let seed = 1; seed <= 5; seed++) {
      const { attempts, connectedMs } = reconnect({ backMs, handshakesPerSecond: Number.POSITIVE_INFINITY, seed });
      expect(Math.max(...attempts)).toBeLessThanOrEqual(ATTEMPTS_PER_SECOND_MAX);
      expect(connectedMs / 1000).toBeLessThan(withinS);
    }
  });

  test('a collector that manages 100 handshakes a second is not kept from it by those who wait', () => {
    const { attempts, connectedMs } = reconnect({ backMs: 0, handshakesPerSecond: 100, seed: 7 });
    expect(Math.max(...attempts)).toBeLessThanOrEqual(ATTEMPTS_PER_SECOND_MAX);
    expect(connectedMs / 1000).toBeLessThan(60);
  });

  test('once it is long away, fewer than 100 of them knock in any second', () => {
    const { attempts } = reconnect({ backMs: 120_000, handshakesPerSecond: Number.POSITIVE_INFINITY, seed: 3 });
    expect(Math.max(...attempts.slice(60, 120))).toBeLessThan(100);
  });
});
