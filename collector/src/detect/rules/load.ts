// Sigma files to compiled rules. A rule that cannot be honoured becomes a problem with file, line and reason; the others are
// loaded. Rules, correlations, filters and the values of placeholders may stand in any order in any of the files.
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { z } from 'zod';
import { compileCorrelationRule } from './compile.ts';
import { type CompileOptions, OUR_EVENTS } from './compile-detection.ts';
import { compileEventRule } from './compile-event.ts';
import { compileFilter } from './compile-filter.ts';
import { fieldSlot, slotOf } from './fields.ts';
import { type LoadedFilter, type LoadedRule, type LoadedRules, linkRules } from './link.ts';
import { type RuleDocument, readDocuments } from './read-documents.ts';
import { idOf } from './rule.ts';
import { RuleError, type RuleProblem } from './rule-error.ts';
import { CorrelationRuleSchema, EventRuleSchema, FilterSchema, PlaceholdersSchema } from './schema.ts';

const RULE_FILES_MAX = 10_000;
/** Of rule collections, which the specification has no more. */
const COLLECTION_ACTIONS: readonly string[] = ['global', 'reset', 'repeat'];

export interface RuleFile {
  name: string;
  text: string;
  /** Ids of rules that are left out, because others stand in their place. */
  without?: readonly string[];
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

/** A rule file, or every one below a directory, of which there must be one. Errors of the file system are thrown as they are. */
export function readRulePath(path: string): RuleFile[] {
  if (!statSync(path).isDirectory()) return [{ name: path, text: readFileSync(path, 'utf8') }];
  const files = readRuleFiles(path);
  if (files.length === 0) throw new Error(`${path}: no .yml or .yaml below this directory`);
  return files;
}

/**
 * The rules of files: the same files give the same rules in the same order, in whichever thread. For events of our agents, or
 * (`anyEvents`) for events in which every field a rule names may be.
 */
export function compileRules(files: readonly RuleFile[], options: { anyEvents?: boolean } = {}): LoadedRules {
  const read = files.slice(0, RULE_FILES_MAX).map(({ name, text }) => readDocuments(name, text));
  const problems = read.flatMap((each) => each.problems);
  if (files.length > RULE_FILES_MAX) {
    const reason = `only the first ${RULE_FILES_MAX} of ${files.length} rule files were read`;
    problems.push({ file: files[RULE_FILES_MAX]!.name, line: 1, rule: '', code: 'yaml', reason });
  }
  const documents = read.flatMap((each, index) => withoutSome(each.documents, files[index]!.without));
  return linkRules(compileDocuments({ documents, problems, ours: !options.anyEvents }));
}

function withoutSome(documents: readonly RuleDocument[], ids: readonly string[] | undefined): readonly RuleDocument[] {
  return ids?.length ? documents.filter(({ data }) => !ids.includes(idOf(data) ?? '')) : documents;
}

/** Parses and compiles the documents of one file; references between rules are not checked yet. */
export function parseRules(file: string, text: string, options: { anyEvents?: boolean } = {}): LoadedRules {
  return compileDocuments({ ...readDocuments(file, text), ours: !options.anyEvents });
}

function compileDocuments(read: {
  documents: readonly RuleDocument[];
  problems: readonly RuleProblem[];
  ours: boolean;
}): LoadedRules {
  const loaded = { rules: [] as LoadedRule[], filters: [] as LoadedFilter[], warnings: [] as RuleProblem[] };
  const problems = [...read.problems];
  const placeholders = new Map<string, readonly string[]>();
  /** Runs one step for a document; what it refuses is the document's problem. */
  const attempt = (document: RuleDocument, step: () => void) => {
    try {
      step();
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      problems.push(document.problem(error));
    }
  };
  const kindOf = ({ data }: RuleDocument, kind: string) => Object.hasOwn(data, kind);
  for (const document of read.documents) {
    if (kindOf(document, 'placeholders')) attempt(document, () => addPlaceholders(document, placeholders));
  }
  const ids = new Map(read.documents.flatMap(({ data }) => (data.id && data.name ? [[data.name, data.id]] : [])));
  const idOf = (name: string) => String(ids.get(name) ?? name);
  for (const document of read.documents) {
    if (kindOf(document, 'placeholders')) continue;
    const { file, data, text } = document;
    const at = { file, line: document.lineOf(['title']), data, text };
    const warn = (warning: RuleError) => loaded.warnings.push(document.problem(warning));
    const options: CompileOptions = { ...OUR_EVENTS, ours: read.ours, placeholders, warn };
    attempt(document, () => {
      if (kindOf(document, 'action') && COLLECTION_ACTIONS.includes(String(data.action))) {
        throw new RuleError('unsupported', '"action" is of Sigma before 2.0: write each rule whole', ['action']);
      }
      if (kindOf(document, 'correlation')) {
        const scope = read.ours ? fieldSlot : slotOf;
        loaded.rules.push({ rule: compileCorrelationRule(readAs(CorrelationRuleSchema, data), scope, idOf), ...at });
      } else if (kindOf(document, 'filter')) {
        loaded.filters.push({ filter: compileFilter(readAs(FilterSchema, data), options), ...at });
      } else loaded.rules.push({ rule: compileEventRule(readAs(EventRuleSchema, data), options), ...at });
    });
  }
  return { ...loaded, problems, placeholders };
}

function addPlaceholders({ data }: RuleDocument, into: Map<string, readonly string[]>): void {
  for (const [name, values] of Object.entries(readAs(PlaceholdersSchema, data).placeholders)) {
    if (into.has(name)) throw new RuleError('schema', `%${name}% has values already`, ['placeholders', name]);
    into.set(name, values.map(String));
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
