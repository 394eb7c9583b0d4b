// What becomes of the rules if some files come and others go. Pure, and as slow as the rules are many and hostile: it runs in a
// thread of its own (desk.ts).
import type { LoadedRule, LoadedRules } from '../detect/rules/link.ts';
import { compileRules, type RuleFile } from '../detect/rules/load.ts';
import { readDocuments } from '../detect/rules/read-documents.ts';
import { idOf } from '../detect/rules/rule.ts';
import { lineOf } from '../detect/rules/rule-document.ts';
import { formatProblem, type RuleProblem } from '../detect/rules/rule-error.ts';
import type { ImportedRuleFile } from '../store/rule-store.ts';
import { effectiveFiles, listedName } from './rule-files.ts';

/** Files left out one after the other because others that were left out are missing to them. */
const ROUNDS_MAX = 8;

export interface ProposedChange {
  pack: readonly RuleFile[];
  imported: readonly Pick<ImportedRuleFile, 'name' | 'text' | 'overrides'>[];
  /** New, or in the place of an imported file of the same name. */
  incoming: readonly { name: string; text: string }[];
  /** Names of imported files that go. */
  removed: readonly string[];
  /** Whether rules of the pack give way to incoming ones of the same id. */
  override: boolean;
  /** Whether files that cannot be taken are left out instead of refusing all. */
  partial: boolean;
}

type RuleChangeKind = 'new' | 'changed' | 'unchanged' | 'overrides' | 'removed';

interface CheckedRule {
  id: string;
  title: string;
  /** As listed. */
  file: string;
  line: number;
  change: RuleChangeKind;
}

export interface CheckedChange {
  /** What stands against it. With `partial` the files these stand in are left out. */
  refusals: RuleProblem[];
  warnings: RuleProblem[];
  /** What may be taken, with the ids of the pack it stands in the place of. */
  files: { name: string; text: string; overrides: string[]; rules: number }[];
  /** Of the files taken and removed. */
  rules: CheckedRule[];
  filters: number;
  /** Titles of rules of the pack that come back. */
  restored: string[];
}

export function checkChange(change: ProposedChange): CheckedChange {
  const before = compileRules(effectiveFiles(change.pack, change.imported));
  const refused = new Map<string, RuleProblem>();
  let incoming = [...change.incoming];
  for (let round = 0; ; round++) {
    const attempt = tryChange({ ...change, incoming }, before);
    for (const refusal of attempt.refusals) refused.set(formatProblem(refusal), refusal);
    const at = new Set(attempt.refusals.map(({ file }) => file));
    const rest = incoming.filter((file) => !at.has(listedName(file)));
    // What stands against it in files that are there already is not helped by leaving others out at random.
    const helps = change.partial && rest.length < incoming.length && round < ROUNDS_MAX;
    if (!helps) return { ...attempt, refusals: [...refused.values()] };
    incoming = rest;
  }
}

function tryChange(change: ProposedChange, before: LoadedRules): CheckedChange {
  const { pack, incoming, removed } = change;
  const named = new Set([...incoming.map(({ name }) => name), ...removed]);
  const kept = change.imported.filter(({ name }) => !named.has(name));
  const { files, refusals } = findOverrides(change);
  const imported = [...kept, ...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const after = compileRules(effectiveFiles(pack, imported));
  const listed = new Set(files.map(listedName));
  const known = new Set(before.problems.map(formatProblem));
  // That its id is taken is said already, and how it could be.
  const told = new Set(refusals.map(({ file, rule }) => `${file}:${rule}`));
  const wrong = after.problems
    .filter((problem) => listed.has(problem.file) || !known.has(formatProblem(problem)))
    .filter(({ file, rule }) => !told.has(`${file}:${rule}`));
  const rules = after.rules.filter(({ file }) => listed.has(file));
  const gone = before.rules.filter(({ file }) =>
    change.imported.some((one) => named.has(one.name) && listedName(one) === file),
  );
  const overridden = new Set(files.flatMap(({ overrides }) => overrides));
  const wasOverridden = new Set(change.imported.flatMap(({ overrides }) => overrides));
  return {
    refusals: [...refusals, ...wrong],
    warnings: after.warnings.filter(({ file }) => listed.has(file)),
    files: files.map((file) => ({ ...file, rules: rules.filter((rule) => rule.file === listedName(file)).length })),
    rules: describeRules(rules, gone, overridden),
    filters: files.reduce((sum, file) => sum + countFilters(file), 0),
    restored: after.rules
      .filter(({ rule, file }) => !listed.has(file) && wasOverridden.has(rule.id))
      .map(({ rule }) => rule.title),
  };
}

/** Incoming rules with the id of one of the pack: they take its place, or are refused. */
function findOverrides({ pack, incoming, override }: ProposedChange) {
  const ofPack = new Map<string, { title: string; file: string; line: number }>();
  for (const { name, text } of pack) {
    for (const document of readDocuments(name, text).documents) {
      const id = idOf(document.data);
      const title = String(document.data.title ?? id);
      if (id !== undefined) ofPack.set(id, { title, file: name, line: lineOf(document, ['title']) });
    }
  }
  const refusals: RuleProblem[] = [];
  const files = incoming.map(({ name, text }) => {
    const overrides: string[] = [];
    for (const document of readDocuments(listedName({ name }), text).documents) {
      const id = idOf(document.data) ?? '';
      const taken = ofPack.get(id);
      if (!taken) continue;
      if (override) {
        overrides.push(id);
        continue;
      }
      const reason = `its id is that of "${taken.title}" of the pack (${taken.file}:${taken.line}); --override puts this one in its place`;
      refusals.push({
        file: listedName({ name }),
        line: lineOf(document, ['id']),
        rule: String(document.data.title ?? id),
        code: 'reference',
        reason,
      });
    }
    return { name, text, overrides };
  });
  return { files, refusals };
}

function describeRules(rules: readonly LoadedRule[], gone: readonly LoadedRule[], overridden: ReadonlySet<string>) {
  const former = new Map(gone.map((loaded) => [loaded.rule.id, loaded]));
  const describe = ({ rule, file, line }: LoadedRule, change: RuleChangeKind): CheckedRule => ({
    id: rule.id,
    title: rule.title,
    file,
    line,
    change,
  });
  const described = rules.map((loaded) => {
    const known = former.get(loaded.rule.id);
    if (known) return describe(loaded, known.text === loaded.text ? 'unchanged' : 'changed');
    return describe(loaded, overridden.has(loaded.rule.id) ? 'overrides' : 'new');
  });
  const stay = new Set(rules.map(({ rule }) => rule.id));
  return [...described, ...gone.filter(({ rule }) => !stay.has(rule.id)).map((loaded) => describe(loaded, 'removed'))];
}

function countFilters({ name, text }: { name: string; text: string }): number {
  return readDocuments(name, text).documents.filter(({ data }) => Object.hasOwn(data, 'filter')).length;
}
