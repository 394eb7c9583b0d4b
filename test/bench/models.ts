// What the models are worth: attacks found among ordinary doings (models-scenarios.ts), how long a batch takes by onnxruntime
// (models-batches.ts), and each algorithm's quality and speed beside scikit-learn (models-beside.ts). Run: npm run bench:models
// [-- --help]; npm run bench:scenarios is the first part.
// One JSON object in the last line.
import { positive, readBenchArguments } from './bench-arguments.ts';
import { reportBatches } from './models-batches.ts';
import { reportAlgorithms } from './models-beside.ts';
import { reportScenarios } from './models-scenarios.ts';
import { printResult } from './report.ts';

const given = readBenchArguments(
  {
    only: { value: '', help: 'scenarios, batches or algorithms; all without' },
    algorithm: { value: '', help: 'only those whose name has this part' },
    seed: { value: '1', help: 'whole number the month of the scenarios comes from' },
    budget: { value: '0.1', help: 'models.alerts_per_host_day' },
  },
  {
    summary: 'Attacks found by the models, false alarms, and quality and speed of each algorithm.',
    examples: ['npm run bench:models -- --only algorithms --algorithm lof', 'npm run bench:scenarios -- --seed 7'],
  },
);

if (given) {
  const { only, algorithm, seed, budget } = given;
  if (!['', 'scenarios', 'batches', 'algorithms'].includes(only)) {
    throw new Error(`--only takes scenarios, batches or algorithms, not "${only}"`);
  }
  if (!/^\d{1,9}$/.test(seed)) throw new Error(`--seed takes a whole number, not "${seed}"`);
  const asked = (part: string) => only === '' || only === part;
  const scenarios = asked('scenarios') && reportScenarios(Number(seed), positive('budget', budget));
  const batches = asked('batches') && (await reportBatches());
  const algorithms = asked('algorithms') && reportAlgorithms(algorithm);
  printResult({ ...scenarios, ...batches, ...algorithms });
}
