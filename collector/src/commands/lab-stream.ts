import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector lab stream --data S.csv
      Scores each value of a stream by how odd it is after those before it, 0 to 1, and prints timestamp, value and score. The
      columns are "timestamp" (ISO 8601, or seconds since 1970) and "value", or the first and the second of two. Rows are taken
      in their order: times may repeat, go back or leave gaps. A missing value scores 0; a row that cannot be read is named by its line and scores NaN, and the
      exit code is 1.
      Example: threatguard-collector lab stream --data bytes-out.csv | sort -t, -k3 -nr | head
`,
  options: { data: { type: 'string' } },
  async run(invocation) {
    const [{ scoreStream }, { reportBadRows }, { quote }] = await Promise.all([
      import('../lab/stream.ts'),
      import('../lab/report.ts'),
      import('../lab/quote.ts'),
    ]);
    const path = text(invocation, 'data');
    if (!path) throw new UsageError('--data FILE says which stream');
    const { scored, bad } = scoreStream(path);
    const incomplete = reportBadRows(path, bad, invocation.stderr);
    const lines = scored.map(({ timestamp, value, score }) => `${quote(timestamp)},${quote(value)},${score}\n`);
    invocation.stdout.write(`timestamp,value,score\n${lines.join('')}`);
    return incomplete ? 1 : 0;
  },
};
