import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector lab sequence --train A.txt --score B.txt [--seed N]
      Learns from the lines of A what is usual to follow what, and prints for each line of B how surprising it is: the higher,
      the more anomalous. A line is a sequence of tokens with blanks between them (system calls, commands); the score is the
      mean surprise of a token, in bits, and that of its most surprising 20 tokens, between them.
      Example: threatguard-collector lab sequence --train normal-calls.txt --score today.txt > scores.txt
`,
  options: { train: { type: 'string' }, score: { type: 'string' }, seed: { type: 'string' } },
  async run(invocation) {
    const [{ scoreSequence, trainSequences }, { readSequences }, { DataError }, { readSeed }] = await Promise.all([
      import('../detect/models/sequence-model.ts'),
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
    const model = trainSequences(train, seed);
    invocation.stdout.write(`score\n${score.map((sequence) => `${scoreSequence(model, sequence)}\n`).join('')}`);
    return 0;
  },
};
