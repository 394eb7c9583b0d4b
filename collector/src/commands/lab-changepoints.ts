import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector lab changepoints --data S.csv
      Prints where a series changes for good (level, variance, trend, or how values follow from each other): the number of
      the first row of what is new, counted from 0, and the probability of a change there. Several columns are one series of
      several values, which change together; one without any number is passed over. What is missing is put on the line between
      its neighbours; a row that cannot be read is named by its line.
      Example: threatguard-collector lab changepoints --data logons-per-hour.csv
`,
  options: { data: { type: 'string' } },
  async run(invocation) {
    const [{ findChangePoints }, { reportBadRows }, { joinGaps, readSeveralSeries }] = await Promise.all([
      import('../lab/changepoints.ts'),
      import('../lab/report.ts'),
      import('../lab/series.ts'),
    ]);
    const path = text(invocation, 'data');
    if (!path) throw new UsageError('--data FILE says in which series');
    const table = readSeveralSeries(path);
    const incomplete = reportBadRows(path, table.bad, invocation.stderr);
    const found = findChangePoints(joinGaps(table));
    const lines = found.map(({ index, probability }) => `${index},${probability.toFixed(4)}\n`);
    invocation.stdout.write(`index,probability\n${lines.join('')}`);
    return incomplete ? 1 : 0;
  },
};
