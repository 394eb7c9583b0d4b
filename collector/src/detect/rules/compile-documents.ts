// Documents to compiled rules. A rule that cannot be honoured becomes a problem with file, line and reason; the others are
// loaded. Rules, correlations, filters and the values of placeholders may stand in any order in any of the files.
import type { z } from 'zod';
import { compileCorrelationRule } from './compile.ts';
import { type CompileOptions, OUR_EVENTS } from './compile-detection.ts';
import { compileEventRule } from './compile-event.ts';
import { compileFilter } from './compile-filter.ts';
import { fieldSlot, slotOf } from './fields.ts';
import { type LoadedFilter, type LoadedRule, type LoadedRules, linkRules } from './link.ts';
import { lineOf, problemOf, type ReadRules, type RuleDocument } from './rule-document.ts';
import { RuleError, type RuleProblem } from './rule-error.ts';
import { CorrelationRuleSchema, EventRuleSchema, FilterSchema, PlaceholdersSchema } from './schema.ts';

/** Of rule collections, which the specification has no more. */
const COLLECTION_ACTIONS: readonly string[] = ['global', 'reset', 'repeat'];

export interface CompileScope {
  /** For events in which every field a rule names may be, instead of those of our agents. */
  anyEvents?: boolean;
}

/** Rules and what they refer to: the same documents give the same rules in the same order, in whichever thread. */
export function compileRead(read: ReadRules, scope: CompileScope = {}): LoadedRules {
  return linkRules(compileDocuments(read, scope));
}

/** References between rules are not checked yet. */
export function compileDocuments(read: ReadRules, { anyEvents = false }: CompileScope = {}): LoadedRules {
  const ours = !anyEvents;
  const loaded = { rules: [] as LoadedRule[], filters: [] as LoadedFilter[], warnings: [] as RuleProblem[] };
  const problems = [...read.problems];
  const placeholders = new Map<string, readonly string[]>();
  /** Runs one step for a document; what it refuses is the document's problem. */
  const attempt = (document: RuleDocument, step: () => void) => {
    try {
      step();
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      problems.push(problemOf(document, error));
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
    const at = { file, line: lineOf(document, ['title']), data, text };
    const warn = (warning: RuleError) => loaded.warnings.push(problemOf(document, warning));
    const options: CompileOptions = { ...OUR_EVENTS, ours, placeholders, warn };
    attempt(document, () => {
      if (kindOf(document, 'action') && COLLECTION_ACTIONS.includes(String(data.action))) {
        throw new RuleError('unsupported', '"action" is of Sigma before 2.0: write each rule whole', ['action']);
      }
      if (kindOf(document, 'correlation')) {
        const scope = ours ? fieldSlot : slotOf;
        loaded.rules.push({ rule: compileCorrelationRule(readAs(CorrelationRuleSchema, data), scope, idOf), ...at });
      } else if (kindOf(document, 'filter')) {
        loaded.filters.push({ filter: compileFilter(readAs(FilterSchema, data), options), ...at });
      } else loaded.rules.push({ rule: compileEventRule(readAs(EventRuleSchema, data), options), ...at });
    });
  }
  return { ...loaded, problems, placeholders, documents: read.documents };
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
