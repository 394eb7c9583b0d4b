import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector lab classify --detector NAME --train A.csv --label COLUMN --score B.csv [--seed N]
      Learns classes from the rows of A, where COLUMN says them, and prints the class of each row of B with its probability.
      NAME is random-forest or boosted-trees. Columns of texts are categories; a text or cell that A does not have is missing.
      Where hardly any cell of a column in A is no number, the rows with these are left out, as are rows without a class.
      A row that cannot be read is named by its line; in B its class is empty, and the exit code is 1.
      Example: threatguard-collector lab classify --detector boosted-trees --train known.csv --label verdict --score new.csv
`,
  options: {
    detector: { type: 'string' },
    train: { type: 'string' },
    label: { type: 'string' },
    score: { type: 'string' },
    seed: { type: 'string' },
  },
  async run(invocation) {
    const [
      { CLASSIFIERS, classify },
      { DataError },
      { readLabelled, readLike },
      { reportBadRows },
      { readSeed },
      { quote },
    ] = await Promise.all([
      import('../lab/classify.ts'),
      import('../lab/csv.ts'),
      import('../lab/mixed-table.ts'),
      import('../lab/report.ts'),
      import('../lab/seed.ts'),
      import('../lab/quote.ts'),
    ]);
    const name = text(invocation, 'detector') ?? '';
    const classifier = Object.hasOwn(CLASSIFIERS, name) ? CLASSIFIERS[name] : undefined;
    if (!classifier) throw new UsageError(`--detector is one of ${Object.keys(CLASSIFIERS).join(', ')}`);
    const [trainPath, label, scorePath] = ['train', 'label', 'score'].map((option) => text(invocation, option));
    if (!trainPath || !label || !scorePath) {
      throw new UsageError('--train FILE, --label COLUMN and --score FILE say what to learn from and what to classify');
    }
    const seed = readSeed(text(invocation, 'seed'));

    const train = readLabelled(trainPath, label);
    reportBadRows(trainPath, train.bad, invocation.stderr);
    if (train.rows === 0) throw new DataError('empty', `${trainPath}: there is no row to learn from`);
    const score = readLike(scorePath, train.columns);
    const incomplete = reportBadRows(scorePath, score.bad, invocation.stderr);
    const lines = new Array<string>(score.total).fill(',NaN\n');
    const classified = await classify(classifier, { train, score, seed });
    classified.forEach((found, at) => {
      lines[score.positions[at]!] = `${quote(found.label)},${found.probability.toFixed(6)}\n`;
    });
    invocation.stdout.write(`class,probability\n${lines.join('')}`);
    return incomplete ? 1 : 0;
  },
};
