// How many events per second one collector takes: signed, sealed, over mTLS, verified, detected, stored, acknowledged.
// The agents that send them run in a process of their own; the bare COPY of such rows into such a table in the same run
// stands beside the result; what was acknowledged is held against what is stored, by digest.
import { positive, positiveIntegers, readBenchArguments, readEngines } from './bench-arguments.ts';
import { availableEngines, startEngine } from './bench-engines.ts';
import { runIngest } from './ingest-run.ts';
import { runBench } from './scope.ts';

const OPTIONS = {
  engine: { value: '', help: 'pglite, postgresql or a postgres:// URL, with commas between; all there are' },
  agents: { value: '1,50,500', help: 'a run for each number of agents' },
  seconds: { value: '60', help: 'seconds of a run at what the collector can take' },
  'paced-seconds': { value: '', help: 'seconds at half of that, for the latency; a third of --seconds' },
  'events-per-batch': { value: '500', help: 'events in an envelope, at most' },
  profile: { value: '', help: 'directory for CPU profiles of the collector' },
};
const ABOUT = {
  summary: `npm run bench:ingest -- [OPTIONS]: events per second of one collector, by engine and number of agents
THREATGUARD_BENCH_URL=postgres://... names a server to run on as well; databases are made on it and dropped`,
  examples: [
    'npm run bench:ingest',
    'npm run bench:ingest -- --engine postgresql --agents 20 --seconds 6',
    'THREATGUARD_BENCH_URL=postgres://me:secret@127.0.0.1/postgres npm run bench:ingest -- --agents 50',
  ],
};

await runBench('bench:ingest', async (scope) => {
  const given = readBenchArguments(OPTIONS, ABOUT);
  if (!given) return;
  const seconds = positive('seconds', given.seconds);
  const order = {
    seconds,
    pacedSeconds: given['paced-seconds'] ? positive('paced-seconds', given['paced-seconds']) : seconds / 3,
    eventsPerBatch: positiveIntegers('events-per-batch', given['events-per-batch'])[0]!,
    profile: given.profile || undefined,
  };
  const fleets = positiveIntegers('agents', given.agents);
  let unsound = 0;
  for (const name of readEngines(given.engine, availableEngines(process.env.THREATGUARD_BENCH_URL))) {
    const part = await scope.part();
    const engine = await startEngine(name, part);
    for (const agents of fleets) {
      const run = await part.part();
      const sound = await runIngest(run, engine, { ...order, agents });
      if (!sound) unsound += 1;
      await run[Symbol.asyncDispose]();
    }
    await part[Symbol.asyncDispose]();
  }
  if (unsound > 0) throw new Error(`${unsound} runs lost events or stored them twice`);
});
