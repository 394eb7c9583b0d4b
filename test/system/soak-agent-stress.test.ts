import { expect, test } from 'vitest';
import { missing, soakAgent, unaccounted } from '../support/agent-soak.ts';
import { canLoadBpf } from '../support/rights.ts';

/** Longer than the collector is up at a time, so that it goes at least once. */
const SECONDS = Number(process.env.THREATGUARD_SOAK_SECONDS ?? 22);
const SEED = Number(process.env.THREATGUARD_CRASH_SEED ?? Date.now() % 1_000_000);

test.skipIf(!canLoadBpf())(
  `${SECONDS} s of outages, rotations and churning processes, seed ${SEED}: generated = stored + lost, to the event (needs eBPF)`,
  { timeout: (SECONDS + 300) * 1000 },
  async ({ signal }) => {
    const result = await soakAgent({ seconds: SECONDS, seed: SEED, signal });
    console.log(JSON.stringify(result));
    expect(unaccounted(result)).toBe(0);
    const { count, lossesMax } = missing(result);
    expect(count).toBeGreaterThanOrEqual(0);
    expect(count).toBeLessThanOrEqual(lossesMax);
    expect(result.outages).toBeGreaterThan(0);
  },
);
