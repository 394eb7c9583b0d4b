import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector lab cluster --data A.csv --eps E --min-points M
      Groups rows that are dense together (DBSCAN) and prints a label for each: 0, 1, 2, ... by first appearance, -1 for noise.
      E is the distance, in the units of the data, within which a row needs M rows, itself counted. Missing cells take their
      column's median. A row that cannot be read is named by its line; its label is NaN, and the exit code is 1.
      Example: threatguard-collector lab cluster --data hosts.csv --eps 0.5 --min-points 5
`,
  options: { data: { type: 'string' }, eps: { type: 'string' }, 'min-points': { type: 'string' } },
  async run(invocation) {
    const [{ findClusters }, { fillMissing, learnScale }, { readNumericTable }, { reportBadRows, inPlace }] =
      await Promise.all([
        import('../detect/models/dbscan.ts'),
        import('../detect/models/matrix.ts'),
        import('../lab/csv.ts'),
        import('../lab/report.ts'),
      ]);
    const path = text(invocation, 'data');
    if (!path) throw new UsageError('--data FILE says what to group');
    const eps = Number(text(invocation, 'eps'));
    if (!(eps > 0 && Number.isFinite(eps))) throw new UsageError('--eps takes a distance above 0');
    const minPoints = Number(text(invocation, 'min-points'));
    if (!(Number.isSafeInteger(minPoints) && minPoints > 0))
      throw new UsageError('--min-points takes a whole number above 0');

    const table = readNumericTable(path);
    const incomplete = reportBadRows(path, table.bad, invocation.stderr);
    const data = fillMissing(table.matrix, learnScale(table.matrix));
    const labels = inPlace(table, findClusters(data, { eps, minPoints }));
    invocation.stdout.write(`label\n${labels.map((label) => `${label}\n`).join('')}`);
    return incomplete ? 1 : 0;
  },
};
