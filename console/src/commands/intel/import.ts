import { Args, Flags } from '@oclif/core';
import type { IntelImport as IntelImportRequest } from '@threatguard/proto';
import { ConsoleError } from '../../model/console-error.ts';
import { parseDuration } from '../../model/duration.ts';
import { INTEL_FORMATS, reportLines, reportRecord, TLPS } from '../../model/intel.ts';
import { openFeed } from '../../services/feed-file.ts';
import { ConsoleCommand, describe, oneOf, wholeNumber } from '../console-command.ts';
import { ImportProgress } from './import-progress.ts';

export class IntelImport extends ConsoleCommand {
  static override summary = 'Import indicators from a file or a URL.';
  static override description = describe(
    'STIX 2.1 bundles, MISP JSON, CSV, and plain lists (abuse.ch, Spamhaus, hosts files, ADDRESS:PORT); "-" reads standard input. ' +
      'What cannot be honoured is refused by name and counted. What the source said before stays, unless --replace. Nothing has ' +
      'changed until the import is whole: Ctrl-C leaves all as it was. New values are held against stored events as well. URLs ' +
      'are fetched once, by this command; intel.sources in collector.yaml fetches them again and again.',
  );
  static override usage = 'intel import FILE|URL --source NAME [--format FORMAT] [--map value=COLUMN,...] [--dry-run]';
  static override examples = [
    '<%= config.bin %> intel import bundle.json --source isac --confidence 80 --tlp amber',
    '<%= config.bin %> intel import https://intel.example/list.txt --source example --expires 30d --replace',
    '<%= config.bin %> intel import c2.csv --source c2 --map value=dst_ip,port=dst_port --dry-run',
  ];
  static override args = {
    file: Args.string({ required: true, description: 'A file, a URL, or - for standard input.' }),
  };
  static override flags = {
    source: Flags.string({
      summary: 'Who says so; made if there is none of this name.',
      required: true,
      helpValue: 'NAME',
    }),
    format: Flags.string({ summary: `${INTEL_FORMATS.join(', ')}.`, default: 'auto', helpValue: 'FORMAT' }),
    confidence: Flags.string({
      summary: 'What the source is worth where it does not say: 0 to 100; 50 at first.',
      helpValue: 'N',
    }),
    tlp: Flags.string({ summary: `Where it does not say: ${TLPS.join(', ')}; clear at first.`, helpValue: 'TLP' }),
    expires: Flags.string({ summary: 'When indicators without an end of their own end: 12h, 30d.', helpValue: 'TIME' }),
    map: Flags.string({
      summary:
        'What columns of CSV are, by name or number: value, port, confidence, tlp, since, until, about, technique.',
      helpValue: 'value=COLUMN,...',
    }),
    subdomains: Flags.boolean({
      summary: 'Domains stand for the names below them; --no-subdomains: they do not. Otherwise as the format has it.',
      allowNo: true,
    }),
    replace: Flags.boolean({ summary: 'What the source said before, and not here, is gone.' }),
    'dry-run': Flags.boolean({ summary: 'Only say what would be.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IntelImport);
    const output = this.outputFor(flags);
    const request = readRequest(flags);
    const { stdin, stderr, stopped } = this.invocation;
    await using feed = await openFeed(args.file, { stdin, signal: stopped });
    const { client } = await this.connect(flags);
    using _ = client;
    using progress = new ImportProgress(stderr, () => performance.now());
    const report = await client.importIntel(request, feed.parts, {
      signal: stopped,
      onProgress: (stage, bytes) => progress.take(stage, bytes),
    });
    const dryRun = flags['dry-run'];
    progress[Symbol.dispose]();
    output.show(reportRecord(report, dryRun), () => reportLines(report, dryRun));
  }
}

function readRequest(flags: {
  source: string;
  format: string;
  confidence?: string | undefined;
  tlp?: string | undefined;
  expires?: string | undefined;
  map?: string | undefined;
  subdomains?: boolean | undefined;
  replace: boolean;
  'dry-run': boolean;
}): IntelImportRequest {
  const format = oneOf('format', INTEL_FORMATS, flags.format);
  if (flags.map !== undefined && format !== 'auto' && format !== 'csv') {
    throw new ConsoleError('usage', '--map is about columns of CSV');
  }
  const expiresSeconds = flags.expires === undefined ? 0 : parseDuration(flags.expires);
  if (expiresSeconds === undefined || (flags.expires !== undefined && expiresSeconds === 0)) {
    throw new ConsoleError('usage', `--expires "${flags.expires}" is no duration; write 12h or 30d`);
  }
  return {
    source: flags.source,
    format: format === 'auto' ? '' : format,
    mapping: flags.map ?? '',
    expiresSeconds,
    ...(flags.confidence !== undefined && {
      confidence: wholeNumber('confidence', flags.confidence, { min: 0, max: 100 }),
    }),
    tlp: flags.tlp === undefined ? '' : oneOf('tlp', TLPS, flags.tlp.toLowerCase().replace(/^tlp:/, '')),
    ...(flags.subdomains !== undefined && { subdomains: flags.subdomains }),
    replace: flags.replace,
    dryRun: flags['dry-run'],
  };
}
