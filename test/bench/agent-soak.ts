// The agent under everything at once for as long as one likes; fails where one event is neither stored nor counted as lost.
import { missing, soakAgent, unaccounted } from '../support/agent-soak.ts';
import { positive, positiveIntegers, readBenchArguments } from './bench-arguments.ts';
import { printResult } from './report.ts';
import { runBench } from './scope.ts';

const OPTIONS = {
  minutes: { value: '30', help: 'how long it goes on' },
  seed: { value: '1', help: 'where its random moments come from' },
};
const ABOUT = {
  summary: `npm run soak:agent -- [OPTIONS]: a real agent (as root: eBPF) while its collector is stopped, killed and started at
random, its log rotates by rename and by copy, and processes churn: events generated = events stored + losses counted`,
  examples: ['npm run soak:agent', 'npm run soak:agent -- --minutes 120 --seed 7'],
};

await runBench('soak:agent', async (scope) => {
  const given = readBenchArguments(OPTIONS, ABOUT);
  if (!given) return;
  const interrupted = new AbortController();
  const seconds = positive('minutes', given.minutes) * 60;
  const seed = positiveIntegers('seed', given.seed)[0]!;
  const soaking = soakAgent({ seconds, seed, signal: interrupted.signal, say: (text) => console.error(`  ${text}`) });
  // The soak ends what it started before the process does.
  scope.defer(async () => {
    interrupted.abort();
    await soaking.catch(() => undefined);
  });
  const result = await soaking;
  const { count, lossesMax } = missing(result);
  printResult({ ...result, unaccounted: unaccounted(result), missing: count });
  if (unaccounted(result) !== 0)
    throw new Error(`${unaccounted(result)} events are neither stored nor counted as lost`);
  if (count < 0 || count > lossesMax)
    throw new Error(`${count} of what was generated is missing, ${lossesMax} are counted lost`);
});
