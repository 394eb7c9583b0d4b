import type { ImportedRule, ImportRulesResponse, RuleFinding } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { printable } from './printable.ts';
import type { Column } from './table.ts';

export function importRecord(result: ImportRulesResponse): JsonRecord {
  return {
    applied: result.applied ?? false,
    files: result.files ?? 0,
    unchanged: result.unchanged ?? 0,
    left_out: result.leftOut ?? 0,
    filters: result.filters ?? 0,
    rules: (result.rules ?? []).map(importedRuleRecord),
    refusals: (result.refusals ?? []).map(findingRecord),
    warnings: (result.warnings ?? []).map(findingRecord),
  };
}

export function importedRuleRecord({ id, title, file, line, change }: ImportedRule): JsonRecord {
  return { id: id ?? '', title: title ?? '', change: change ?? '', file: file ?? '', line: line ?? 0 };
}

function findingRecord({ file, line, rule, reason }: RuleFinding): JsonRecord {
  return { file: file || undefined, line: line || undefined, rule: rule || undefined, reason: reason ?? '' };
}

export const IMPORTED_COLUMNS: Column<ImportedRule>[] = [
  { title: 'CHANGE', cell: ({ change }) => change ?? '' },
  { title: 'RULE', cell: ({ title }) => title ?? '', shrink: true },
  { title: 'ID', cell: ({ id }) => id ?? '', shrink: true },
  { title: 'FILE', cell: ({ file, line }) => `${file}:${line}`, shrink: true },
];

/** One line, for a terminal. */
export function findingLine({ file, line, rule, reason }: RuleFinding): string {
  return printable(`${file ? `${file}:${line}: ` : ''}${rule ? `${rule}: ` : ''}${reason ?? ''}`);
}
