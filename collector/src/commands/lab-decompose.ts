import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector lab decompose --data S.csv --period P [--column NAME] [--robust] [--online]
      Takes a series apart into trend, season and remainder (STL), which add up to it; one row for each. P is how many values
      make one season: 24 for hourly values with a daily one. The column is the one named, or the only one, or "value", or
      the last. With --robust, outliers stay in the remainder instead of bending the rest. With --online, each value is taken
      apart by those before it alone; the first four seasons, from which that begins, are empty. What is missing is put on
      the line between its neighbours; a row that cannot be read is named by its line.
      Example: threatguard-collector lab decompose --data logons-per-hour.csv --period 24 --robust
`,
  options: {
    data: { type: 'string' },
    period: { type: 'string' },
    column: { type: 'string' },
    robust: { type: 'boolean' },
    online: { type: 'boolean' },
  },
  async run(invocation) {
    const [{ decompose }, { FIRST_SEASONS, OnlineStl }, { DataError }, { joinGaps, readSeries }, { reportBadRows }] =
      await Promise.all([
        import('../detect/models/stl.ts'),
        import('../detect/models/online-stl.ts'),
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
    const online = invocation.values.online === true;
    const seasons = online ? FIRST_SEASONS : 2;
    if (table.rows < seasons * period) {
      const few = `${table.rows} values are less than ${online ? 'four' : 'two'} seasons of ${period}`;
      throw new DataError('empty', `${path}: ${few}`);
    }
    const { values } = joinGaps(table);
    const options = { period, robust: invocation.values.robust === true };
    let lines: string[];
    if (online) {
      const stream = new OnlineStl(options);
      lines = Array.from(values, (value) => {
        const parts = stream.observe(value);
        return parts ? `${parts.trend},${parts.seasonal},${parts.remainder}\n` : ',,\n';
      });
    } else {
      const { trend, seasonal, remainder } = decompose(values, options);
      lines = Array.from(values, (_, at) => `${trend[at]},${seasonal[at]},${remainder[at]}\n`);
    }
    invocation.stdout.write(`trend,seasonal,remainder\n${lines.join('')}`);
    return incomplete ? 1 : 0;
  },
};
