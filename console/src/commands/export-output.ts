import { Flags } from '@oclif/core';
import type { Alert, StoredEvent } from '@threatguard/proto';
import { EXPORT_FORMATS, type Exporter, type ExportFormat, exportAlert, exportEvent } from '@threatguard/proto/export';
import { oneOf } from './console-command.ts';
import { OUTPUT_FORMATS, type Output } from './output.ts';

/** For commands that print alerts or events: a line each, in a schema of others, beside the forms all commands have. */
export const exportOutput = {
  output: Flags.string({
    summary: 'How to print: table, json or csv, or one line each as ECS, OCSF or CEF.',
    default: 'table',
    helpValue: 'table|json|csv|ecs|ocsf|cef',
    parse: async (text) => oneOf('output', [...OUTPUT_FORMATS, ...EXPORT_FORMATS], text),
  }),
};

/** The schema that was asked for; undefined where it is one of the forms all commands have. */
export function exportFormat(output: Output): ExportFormat | undefined {
  return EXPORT_FORMATS.find((format) => format === output.format);
}

/** Lines are safe for a terminal as they are: JSON in ASCII, and CEF in which nothing moves one. */
export function writeExport(
  output: Output,
  what: { alerts?: readonly Alert[]; events?: readonly StoredEvent[]; format: ExportFormat; version: string },
): void {
  const exporter: Exporter = { version: what.version, observer: '' };
  output.lines([
    ...(what.alerts ?? []).map((alert) => exportAlert(alert, what.format, exporter)),
    ...(what.events ?? []).map((event) => exportEvent(event, what.format, exporter)),
  ]);
}
