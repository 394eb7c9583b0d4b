import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector lab sequence --train A.txt --score B.txt [--seed N]
      Learns from the lines of A what is usual to follow what, and prints for each line of B how surprising it is: the higher,
      the more anomalous. A line is a sequence of tokens with blanks between them (system calls, commands). The score is how
      rare as much surprise, in all of the line or a part of it, is among lines of A that were held back: 3 for one in 1,000.
      Example: threatguard-collector lab sequence --train normal-calls.txt --score today.txt > scores.txt
`,
  options: { train: { type: 'string' }, score: { type: 'string' }, seed: { type: 'string' } },
  async run(invocation) {
    const [{ trainSequences }, { scoreSequences }, { readSequences }, { DataError }, { readSeed }] = await Promise.all([
      import('../detect/models/sequence-model.ts'),
      import('../lab/score-sequences.ts'),
      import('../lab/sequences.ts'),
      import('../lab/csv.ts'),
      import('../lab/seed.ts'),
    ]);
    const [trainPath, scorePath] = ['train', 'score'].map((option) => text(invocation, option));
    if (!trainPath || !scorePath)
      throw new UsageError('--train FILE and --score FILE say what to learn from and score');
    const seed = readSeed(text(invocation, 'seed'));
    const train = readSequences(trainPath).filter((sequence) => sequence.length > 0);
    if (train.length === 0) throw new DataError('empty', `${trainPath}: there is no sequence to learn from`);
    const score = readSequences(scorePath);
    const scores = await scoreSequences(trainSequences(train, seed), score);
    invocation.stdout.write(`score\n${scores.map((each) => `${each}\n`).join('')}`);
    return 0;
  },
};
