import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector lab decompose --data S.csv --period P [--column NAME] [--robust]
      Takes a series apart into trend, season and remainder (STL), which add up to it; one row for each. P is how many values
      make one season: 24 for hourly values with a daily one. The column is the one named, or the only one, or "value", or
      the last. With --robust, outliers stay in the remainder instead of bending the rest. What is missing is put on the line
      between its neighbours; a row that cannot be read is named by its line.
      Example: threatguard-collector lab decompose --data logons-per-hour.csv --period 24 --robust
`,
  options: {
    data: { type: 'string' },
    period: { type: 'string' },
    column: { type: 'string' },
    robust: { type: 'boolean' },
  },
  async run(invocation) {
    const [{ decompose }, { DataError }, { joinGaps, readSeries }, { reportBadRows }] = await Promise.all([
      import('../detect/models/stl.ts'),
      import('../lab/csv.ts'),
      import('../lab/series.ts'),
      import('../lab/report.ts'),
    ]);
    const path = text(invocation, 'data');
    if (!path) throw new UsageError('--data FILE says which series');
    const period = Number(text(invocation, 'period'));
    if (!(Number.isSafeInteger(period) && period >= 2)) throw new UsageError('--period takes a whole number from 2');
    const table = readSeries(path, text(invocation, 'column'));
    const incomplete = reportBadRows(path, table.bad, invocation.stderr);
    if (table.rows < 2 * period) {
      throw new DataError('empty', `${path}: ${table.rows} values are less than two seasons of ${period}`);
    }
    const { values } = joinGaps(table);
    const parts = decompose(values, { period, robust: invocation.values.robust === true });
    const lines = Array.from(values, (_, at) => `${parts.trend[at]},${parts.seasonal[at]},${parts.remainder[at]}\n`);
    invocation.stdout.write(`trend,seasonal,remainder\n${lines.join('')}`);
    return incomplete ? 1 : 0;
  },
};
