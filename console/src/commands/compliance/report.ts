import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { FRAMEWORK_NAMES, REPORT_KEYS, reportLines, reportRecord, reportRows } from '../../model/compliance.ts';
import { reportHtml } from '../../model/compliance-html.ts';
import { ConsoleError } from '../../model/console-error.ts';
import { toCsvHeader, toCsvLine } from '../../model/csv.ts';
import { nest, toJson } from '../../model/json.ts';
import { parseTime } from '../../model/time.ts';
import { writeWhole } from '../../services/evidence-file.ts';
import { ConsoleCommand, describe, oneOf } from '../console-command.ts';

const FORMATS = ['table', 'html', 'json', 'csv'] as const;

export class ComplianceReportCommand extends ConsoleCommand {
  static override summary = 'What the collected evidence shows, control by control of a framework, and what it cannot.';
  static override description = describe(
    'Figures with the queries behind them (html, json, csv); whether a control is met is for an auditor to judge. Hours and days of ' +
      'counts are whole. HTML is one file without scripts.',
  );
  static override examples = [
    '<%= config.bin %> compliance report --framework pci-dss --from 90d',
    '<%= config.bin %> compliance report --framework gdpr --from 2026-10-01 --to 2026-11-01 --output html -o october.html',
  ];
  static override flags = {
    framework: Flags.string({
      summary: `One of ${FRAMEWORK_NAMES.join(', ')}.`,
      required: true,
      helpValue: 'NAME',
      parse: async (text) => oneOf('framework', FRAMEWORK_NAMES, text),
    }),
    from: Flags.string({ summary: 'Since a time, or for a duration up to now.', required: true, helpValue: 'TIME' }),
    to: Flags.string({ summary: 'Until a time; without it, now.', helpValue: 'TIME' }),
    output: Flags.string({
      summary: 'How to print: table, html, json or csv.',
      default: 'table',
      helpValue: FORMATS.join('|'),
      parse: async (text) => oneOf('output', FORMATS, text),
    }),
    file: Flags.string({ char: 'o', summary: 'Write it there instead of printing it.', helpValue: 'FILE' }),
    force: Flags.boolean({ summary: 'Replace a file that is there.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ComplianceReportCommand);
    const output = this.outputFor({ output: 'table', utc: flags.utc });
    const from = { nowMs: Date.now(), utc: flags.utc };
    const fromUs = Math.max(1, parseTime(flags.from, { ...from, flag: '--from' }));
    const toUs = flags.to === undefined ? 0 : parseTime(flags.to, { ...from, flag: '--to' });
    if (toUs > 0 && fromUs >= toUs)
      throw new ConsoleError('usage', `--from "${flags.from}" is later than --to "${flags.to}"`);
    const { client } = await this.connect(flags);
    using _ = client;
    const report = await client.getComplianceReport({ framework: flags.framework, fromUs, toUs });
    const text = {
      table: () => reportLines(report, output.utc).join('\n'),
      html: () => reportHtml(report).trimEnd(),
      json: () => toJson(nest(reportRecord(report))),
      csv: () => [toCsvHeader(REPORT_KEYS), ...reportRows(report).map(csvLine)].join('\n'),
    }[oneOf('output', FORMATS, flags.output)]();
    if (flags.file === undefined) {
      output.line(text);
      return;
    }
    const path = resolve(flags.file);
    const bytes = Buffer.from(`${text}\n`);
    await writeWhole(path, oneAt(bytes), { force: flags.force, pid: this.invocation.pid });
    output.note(`${path}: ${bytes.length} bytes`);
  }
}

function csvLine(row: ReturnType<typeof reportRows>[number]): string {
  return toCsvLine(REPORT_KEYS.map((key) => row[key]));
}

async function* oneAt(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
