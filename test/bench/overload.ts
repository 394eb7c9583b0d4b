// What happens when twice as much comes as the collector can take: memory stays flat, nothing is lost, and a host with
// something urgent to say is heard nearly as soon as on a quiet system.
import { positive, positiveIntegers, readBenchArguments, readEngines } from './bench-arguments.ts';
import { availableEngines, startEngine } from './bench-engines.ts';
import { runOverload } from './overload-run.ts';
import { runBench } from './scope.ts';

const OPTIONS = {
  engine: { value: '', help: 'pglite, postgresql or a postgres:// URL, with commas between; all there are' },
  agents: { value: '50', help: 'agents that send more than can be taken' },
  'fast-agents': { value: '4', help: 'agents that send an urgent event every 100 to 200 ms' },
  seconds: { value: '60', help: 'seconds of overload' },
  'quiet-seconds': { value: '20', help: 'seconds of the fast agents alone, before' },
  factor: { value: '2', help: 'times what can be taken, as measured first' },
  'events-per-batch': { value: '500', help: 'events in an envelope' },
};
const ABOUT = {
  summary: `npm run bench:overload -- [OPTIONS]: memory, loss and the latency of alerts at twice what one collector can take
THREATGUARD_BENCH_URL=postgres://... names a server to run on as well; databases are made on it and dropped`,
  examples: ['npm run bench:overload', 'npm run bench:overload -- --engine postgresql --seconds 10 --quiet-seconds 5'],
};

await runBench('bench:overload', async (scope) => {
  const given = readBenchArguments(OPTIONS, ABOUT);
  if (!given) return;
  const order = {
    agents: positiveIntegers('agents', given.agents)[0]!,
    fastAgents: positiveIntegers('fast-agents', given['fast-agents'])[0]!,
    seconds: positive('seconds', given.seconds),
    quietSeconds: positive('quiet-seconds', given['quiet-seconds']),
    factor: positive('factor', given.factor),
    eventsPerBatch: positiveIntegers('events-per-batch', given['events-per-batch'])[0]!,
  };
  let unsound = 0;
  for (const name of readEngines(given.engine, availableEngines(process.env.THREATGUARD_BENCH_URL))) {
    const part = await scope.part();
    const sound = await runOverload(part, await startEngine(name, part), order);
    if (!sound) unsound += 1;
    await part[Symbol.asyncDispose]();
  }
  if (unsound > 0) throw new Error(`${unsound} runs lost events or alerts, or stored something twice`);
});
