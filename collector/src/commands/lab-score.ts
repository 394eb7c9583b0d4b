import { type Command, text, UsageError } from './command.ts';

const USAGE = `  threatguard-collector lab score --detector NAME --train A.csv --score B.csv [--seed N]
      Learns from the rows of A what is ordinary and prints a score for each row of B: the higher, the more anomalous.
      NAME is isolation-forest, lof or autoencoder. Both files are CSV with a header; B has at least A's columns.
      Missing cells take the column's median in A. A row that cannot be read is named by its line; in B its score is
      NaN, and the exit code is 1. The same seed (0 unless given) gives the same scores.
      Example: threatguard-collector lab score --detector lof --train january.csv --score february.csv > scores.csv
`;

export const command: Command = {
  usage: USAGE,
  options: {
    detector: { type: 'string' },
    train: { type: 'string' },
    score: { type: 'string' },
    seed: { type: 'string' },
  },
  async run(invocation) {
    const [{ DETECTORS }, { readNumericTable, DataError }, { reportBadRows, inPlace }, { readSeed }] =
      await Promise.all([
        import('../lab/score.ts'),
        import('../lab/csv.ts'),
        import('../lab/report.ts'),
        import('../lab/seed.ts'),
      ]);
    const name = text(invocation, 'detector') ?? '';
    const detector = Object.hasOwn(DETECTORS, name) ? DETECTORS[name] : undefined;
    if (!detector) throw new UsageError(`--detector is one of ${Object.keys(DETECTORS).join(', ')}`);
    const trainPath = text(invocation, 'train');
    const scorePath = text(invocation, 'score');
    if (!trainPath || !scorePath)
      throw new UsageError('--train FILE and --score FILE say what to learn from and score');
    const seed = readSeed(text(invocation, 'seed'));

    const train = readNumericTable(trainPath);
    reportBadRows(trainPath, train.bad, invocation.stderr);
    if (train.matrix.rows === 0) throw new DataError('empty', `${trainPath}: there is no row to learn from`);
    const score = readNumericTable(scorePath, train.columns);
    const incomplete = reportBadRows(scorePath, score.bad, invocation.stderr);
    const scores = inPlace(score, detector({ train: train.matrix, score: score.matrix, seed }));
    invocation.stdout.write(`score\n${scores.map((each) => `${each}\n`).join('')}`);
    return incomplete ? 1 : 0;
  },
};
