import { retroLine, SOURCE_KEYS, sourceColumns, sourceRecord } from '../../model/intel.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { firstRows, wholeListFlags } from '../list-flags.ts';

export class IntelSources extends ConsoleCommand {
  static override summary = 'Show where indicators come from, what was refused of each, and what failed.';
  static override description = describe(
    'Sources with a URL are fetched by the collector as intel.sources in its collector.yaml says; the others are imported by ' +
      'people. A source that fails keeps what it said last. Below stands how far stored events were held against new indicators.',
  );
  static override examples = ['<%= config.bin %> intel sources', '<%= config.bin %> intel sources --output json'];

  static override flags = { ...wholeListFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(IntelSources);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { sources = [], indicators = 0, bytes = 0, retro = [] } = await client.listIntelSources();
    const nowMs = Date.now();
    output.list({
      rows: firstRows(sources, flags, output),
      columns: sourceColumns(nowMs),
      keys: SOURCE_KEYS,
      record: sourceRecord,
    });
    if (sources.length === 0) {
      output.note('no sources; "threatguard intel import FILE --source NAME" makes one');
      return;
    }
    output.note(`${indicators} different values, ${(bytes / 2 ** 20).toFixed(1)} MiB of memory`);
    for (const job of retro.slice(0, RETRO_LINES)) output.note(retroLine(job, { ...output, nowMs }));
  }
}

/** What is under way, and what was done last. */
const RETRO_LINES = 5;
