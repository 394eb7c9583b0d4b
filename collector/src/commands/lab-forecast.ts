import { type Command, text, UsageError } from './command.ts';

/** Further than this nobody plans by a series. */
const HORIZON_MAX = 10_000;

export const command: Command = {
  usage: `  threatguard-collector lab forecast --data S.csv --horizon H [--period P] [--column NAME] [--confidence C] [--limit L]
      Prints the next H values of a series as they are expected, and the interval in which the share C of them (0.95 unless
      given) should lie. P is how many values make one season, 24 for hourly values with a daily one. With --limit, says on
      standard error at which step L is expected to be reached, and at which it may be. The column is the one named, or
      the only one, or "value", or the last. What is missing is put on the line between its neighbours.
      Example: threatguard-collector lab forecast --data disk-used.csv --horizon 30 --limit 95
`,
  options: {
    data: { type: 'string' },
    horizon: { type: 'string' },
    period: { type: 'string' },
    column: { type: 'string' },
    confidence: { type: 'string' },
    limit: { type: 'string' },
  },
  async run(invocation) {
    const [{ forecast, whenReached }, { DataError }, { joinGaps, readSeries }, { reportBadRows }] = await Promise.all([
      import('../detect/models/forecast.ts'),
      import('../lab/csv.ts'),
      import('../lab/series.ts'),
      import('../lab/report.ts'),
    ]);
    const path = text(invocation, 'data');
    if (!path) throw new UsageError('--data FILE says which series');
    const horizon = Number(text(invocation, 'horizon'));
    if (!(Number.isSafeInteger(horizon) && horizon >= 1 && horizon <= HORIZON_MAX)) {
      throw new UsageError(`--horizon takes a whole number from 1 to ${HORIZON_MAX}`);
    }
    const period = Number(text(invocation, 'period') ?? 1);
    if (!(Number.isSafeInteger(period) && period >= 1)) throw new UsageError('--period takes a whole number from 1');
    const confidence = Number(text(invocation, 'confidence') ?? 0.95);
    if (!(confidence > 0 && confidence < 1)) throw new UsageError('--confidence takes a share between 0 and 1');
    const limit = Number(text(invocation, 'limit') ?? Number.POSITIVE_INFINITY);
    if (Number.isNaN(limit)) throw new UsageError('--limit takes a number');

    const table = readSeries(path, text(invocation, 'column'));
    const incomplete = reportBadRows(path, table.bad, invocation.stderr);
    const { values } = joinGaps(table);
    if (values.every(Number.isNaN)) throw new DataError('empty', `${path}: there is no value`);
    const found = forecast(values, { horizon, period, confidence });
    const lines = Array.from(
      found.expected,
      (expected, at) => `${at + 1},${expected},${found.lower[at]},${found.upper[at]}\n`,
    );
    invocation.stdout.write(`step,expected,lower,upper\n${lines.join('')}`);
    if (Number.isFinite(limit)) {
      const { expectedAt, earliestAt } = whenReached(found, limit);
      const at = (step: number | undefined) => (step === undefined ? 'not within the horizon' : `at step ${step}`);
      invocation.stderr.write(`${limit} is expected to be reached ${at(expectedAt)}, may be ${at(earliestAt)}\n`);
    }
    return incomplete ? 1 : 0;
  },
};
