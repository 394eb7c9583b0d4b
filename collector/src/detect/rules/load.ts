// A directory of Sigma files to compiled rules. A rule that cannot be honoured becomes a problem with file, line and
// reason; the others are loaded.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { compileCorrelationRule, compileEventRule } from './compile.ts';
import { type LoadedRule, type LoadedRules, linkRules } from './link.ts';
import type { Rule } from './rule.ts';
import { RuleError, type RuleProblem } from './rule-error.ts';
import { CorrelationRuleSchema, EventRuleSchema } from './schema.ts';

const RULE_FILE_BYTES_MAX = 1024 * 1024;
const RULE_FILES_MAX = 10_000;
const RULES_PER_FILE_MAX = 100;

export interface RuleFile {
  name: string;
  text: string;
}

/** Reads every `.yml` and `.yaml` below a directory, in the order of their names. */
export function readRuleFiles(directory: string): RuleFile[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file) && lstatSync(join(directory, file)).isFile())
    .sort()
    .map((file) => ({
      name: relative('.', join(directory, file)),
      text: readFileSync(join(directory, file), 'utf8'),
    }));
}

/** The rules of files: the same files give the same rules in the same order, in whichever thread. */
export function compileRules(files: readonly RuleFile[]): LoadedRules {
  const loaded: LoadedRules = { rules: [], problems: [] };
  for (const { name, text } of files.slice(0, RULE_FILES_MAX)) {
    const { rules, problems } = parseRules(name, text);
    loaded.rules.push(...rules);
    loaded.problems.push(...problems);
  }
  if (files.length > RULE_FILES_MAX) {
    const reason = `only the first ${RULE_FILES_MAX} of ${files.length} rule files were read`;
    loaded.problems.push({ file: files[RULE_FILES_MAX]!.name, line: 1, rule: '', code: 'yaml', reason });
  }
  return linkRules(loaded);
}

/** Parses and compiles the documents of one file; references between rules are not checked yet. */
export function parseRules(file: string, text: string): LoadedRules {
  const problem = (line: number, rule: string, error: RuleError): RuleProblem => ({
    file,
    line,
    rule,
    code: error.code,
    reason: error.message,
  });
  if (text.length > RULE_FILE_BYTES_MAX) {
    return { rules: [], problems: [problem(1, '', new RuleError('yaml', `more than ${RULE_FILE_BYTES_MAX} bytes`))] };
  }
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent' });
  const documents = 'empty' in parsed ? [] : parsed;
  const rules: LoadedRule[] = [];
  const problems: RuleProblem[] = [];
  if (documents.length === 0) problems.push(problem(1, '', new RuleError('yaml', 'no rule in this file')));
  for (const document of documents.slice(0, RULES_PER_FILE_MAX)) {
    const line = lines.linePos(document.range[0]).line;
    try {
      rules.push({ rule: compileDocument(document), file, line: lineOf(document, ['title'], lines) });
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      const at = error.code === 'yaml' && document.errors[0] ? lines.linePos(document.errors[0].pos[0]).line : line;
      problems.push(
        problem(error.code === 'yaml' ? at : lineOf(document, error.path, lines), labelOf(document), error),
      );
    }
  }
  if (documents.length > RULES_PER_FILE_MAX) {
    problems.push(problem(1, '', new RuleError('yaml', `more than ${RULES_PER_FILE_MAX} rules in one file`)));
  }
  return { rules, problems };
}

function compileDocument(document: Document.Parsed): Rule {
  const broken = document.errors[0];
  if (broken) throw new RuleError('yaml', broken.message.split('\n')[0]!);
  const data = plainData(document);
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new RuleError('schema', 'a rule is a map');
  return 'correlation' in data
    ? compileCorrelationRule(readAs(CorrelationRuleSchema, data))
    : compileEventRule(readAs(EventRuleSchema, data));
}

function plainData(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // Unresolved or too many aliases.
    throw new RuleError('yaml', (error as Error).message);
  }
}

function readAs<Schema extends z.ZodType>(schema: Schema, data: unknown): z.output<Schema> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const at = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
  const path = at.map((part) => (typeof part === 'number' ? part : String(part)));
  throw new RuleError('schema', `${path.join('.') || 'the rule'}: ${issue.message}`, path);
}

/** The line of the deepest key of the path that the document has. */
function lineOf(document: Document.Parsed, path: readonly (string | number)[], lines: LineCounter): number {
  let node: unknown = document.contents;
  let start = document.contents?.range?.[0] ?? document.range[0];
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!isScalar(pair?.key) || !pair.key.range) break;
      start = pair.key.range[0];
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (!isNode(node) || !node.range) break;
      start = node.range[0];
    } else break;
  }
  return lines.linePos(start).line;
}

function labelOf(document: Document.Parsed): string {
  for (const key of ['title', 'name', 'id']) {
    const value = document.contents && 'get' in document.contents ? document.get(key) : undefined;
    if (typeof value === 'string' && value) return value.slice(0, 256);
  }
  return '';
}
