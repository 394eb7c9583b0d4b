// What reading makes of one document of a rule file, before anything is compiled: plain data, which may be handed to any thread.
import type { RuleError, RulePath, RuleProblem } from './rule-error.ts';

/** The line of something, counted from 1, and those of what is in it, by key or index. */
export interface KeyLines {
  line: number;
  keys?: ReadonlyMap<string, KeyLines>;
}

export interface RuleDocument {
  file: string;
  data: Readonly<Record<string, unknown>>;
  /** As it stands in the file, without what separates it from others. */
  text: string;
  /** What problems call it: its title, name or id. */
  label: string;
  lines: KeyLines;
}

/** The documents of files, and what is wrong with those that could not be read. */
export interface ReadRules {
  documents: readonly RuleDocument[];
  problems: readonly RuleProblem[];
}

/** The line of the deepest key of the path that the document has. */
export function lineOf({ lines }: RuleDocument, path: RulePath): number {
  let at = lines;
  for (const part of path) {
    const next = at.keys?.get(String(part));
    if (!next) break;
    at = next;
  }
  return at.line;
}

export function problemOf(document: RuleDocument, { code, path, message }: RuleError): RuleProblem {
  return { file: document.file, line: lineOf(document, path), rule: document.label, code, reason: message };
}
