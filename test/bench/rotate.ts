// How long a fleet takes from `keys rotate` to the last confirmation, on real streams that go on sending meanwhile. Agents
// are in processes of their own; what they send is held against what is stored.
import { positive, positiveIntegers, readBenchArguments, readEngines } from './bench-arguments.ts';
import { availableEngines, startEngine } from './bench-engines.ts';
import { runRotation } from './rotate-run.ts';
import { runBench } from './scope.ts';

const OPTIONS = {
  agents: { value: '100,1000', help: 'a run for each number of agents' },
  engine: { value: 'pglite', help: 'pglite, postgresql or a postgres:// URL' },
  rate: { value: '200', help: 'envelopes a second of the whole fleet while it rotates' },
  profile: { value: '', help: 'directory for CPU profiles of the collector' },
};
const ABOUT = {
  summary:
    'npm run bench:rotate -- [OPTIONS]: from "keys rotate" to the last confirmation, and what it costs the collector',
  examples: ['npm run bench:rotate', 'npm run bench:rotate -- --agents 10000 --engine postgresql'],
};

await runBench('bench:rotate', async (scope) => {
  const given = readBenchArguments(OPTIONS, ABOUT);
  if (!given) return;
  const rate = positive('rate', given.rate);
  const profile = given.profile || undefined;
  const [name] = readEngines(given.engine, availableEngines(process.env.THREATGUARD_BENCH_URL));
  const engine = await startEngine(name!, scope);
  let unsound = 0;
  for (const agents of positiveIntegers('agents', given.agents)) {
    const run = await scope.part();
    if (!(await runRotation(run, engine, { agents, rate, profile }))) unsound += 1;
    await run[Symbol.asyncDispose]();
  }
  if (unsound > 0) throw new Error(`${unsound} runs lost events or could not open them`);
});
