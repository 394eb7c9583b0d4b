// What the models are worth: attacks found among ordinary doings (models-scenarios.ts), and each algorithm's quality and speed
// beside scikit-learn (models-beside.ts). Run: npm run bench:models [-- --help]; npm run bench:scenarios is the first half.
// One JSON object in the last line.
import { positive, readBenchArguments } from './bench-arguments.ts';
import { reportAlgorithms } from './models-beside.ts';
import { reportScenarios } from './models-scenarios.ts';
import { printResult } from './report.ts';

const given = readBenchArguments(
  {
    only: { value: '', help: 'algorithms or scenarios; both without' },
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
  if (!['', 'algorithms', 'scenarios'].includes(only)) {
    throw new Error(`--only takes algorithms or scenarios, not "${only}"`);
  }
  if (!/^\d{1,9}$/.test(seed)) throw new Error(`--seed takes a whole number, not "${seed}"`);
  const scenarios = only !== 'algorithms' && reportScenarios(Number(seed), positive('budget', budget));
  const algorithms = only !== 'scenarios' && reportAlgorithms(algorithm);
  printResult({ ...scenarios, ...algorithms });
}
