// Rules as people see them: what a rule says, whether it is on, and what it did.
import type { ListRulesRequest, RuleSummary, ShowRuleResponse } from '@threatguard/proto';
import type { LoadedRule } from '../detect/rules/link.ts';
import type { LogSource } from '../detect/rules/logsource.ts';
import type { RuleProblem } from '../detect/rules/rule-error.ts';
import type { RuleBook } from '../rule-book/rule-book.ts';
import type { RuleActivity } from '../store/rule-store.ts';
import type { Store } from '../store/store.ts';

export interface SummaryParts {
  store: Pick<Store, 'rules'>;
  book: RuleBook;
  /** Rules that failed while running, by id, with why. */
  failures: () => ReadonlyMap<string, string>;
}

/** With what filters look at beside it. */
export interface ListedRule {
  summary: RuleSummary;
  /** As its document has them, lower case. */
  tags: readonly string[];
}

const NOT_LOADED = 'not loaded';

/** All, those that did not load as well, by file and line. */
export async function summariseRules(parts: SummaryParts, countedSinceUs: number): Promise<ListedRule[]> {
  const { rules, problems } = parts.book.loaded;
  const ids = rules.map(({ rule }) => rule.id);
  const activity = await parts.store.rules.activity(ids, countedSinceUs);
  const listed = [
    ...rules.map((loaded) => ({ summary: summarise(parts, loaded, activity), tags: tagsOf(loaded) })),
    ...problems.map((problem) => ({ summary: summariseProblem(problem), tags: [] })),
  ];
  return listed.sort(
    ({ summary: a }, { summary: b }) => compare(a.file ?? '', b.file ?? '') || (a.line ?? 0) - (b.line ?? 0),
  );
}

export async function summariseRule(
  parts: SummaryParts,
  loaded: LoadedRule,
  countedSinceUs: number,
): Promise<RuleSummary> {
  return summarise(parts, loaded, await parts.store.rules.activity([loaded.rule.id], countedSinceUs));
}

function summarise(
  { book, failures }: SummaryParts,
  loaded: LoadedRule,
  activity: ReadonlyMap<string, RuleActivity>,
): RuleSummary {
  const { rule, file, line } = loaded;
  const decided = book.decided(rule.id);
  const { matches = 0, alerts = 0, lastMatchAtUs = 0 } = activity.get(rule.id) ?? {};
  const failure = failures().get(rule.id);
  return {
    id: rule.id,
    title: rule.title,
    level: rule.severity,
    kind: rule.kind,
    state: book.state(rule.id),
    problem: failure && `failed while running: ${failure}`,
    file,
    line,
    logsource: rule.kind === 'event' ? describeSource(rule.source) : '',
    techniques: rule.techniques,
    tactics: rule.tactics,
    speaks: book.wiring(rule.id).speaks,
    overrides: book.overrides(loaded),
    matches,
    alerts,
    lastMatchAtUs,
    stateBy: decided?.changedBy,
    stateAtUs: decided?.changedAtUs,
    stateReason: decided?.reason,
  };
}

function summariseProblem({ file, line, rule, reason }: RuleProblem): RuleSummary {
  return { id: '', title: rule, state: NOT_LOADED, problem: reason, file, line };
}

/** What `rules show` says beside the summary. */
export function describeRule(book: RuleBook, loaded: LoadedRule): ShowRuleResponse {
  const { rule, data, text, filters = [] } = loaded;
  const titleOf = (name: string) => book.find(name).rule.title;
  return {
    text,
    description: textOf(data.description),
    falsePositives: textsOf(data.falsepositives),
    references: textsOf(data.references),
    author: textOf(data.author),
    status: textOf(data.status),
    refers: rule.kind === 'correlation' ? rule.refers.map(titleOf) : [],
    feeds: book.feeds(rule.id),
    filters: filters.map(({ title }) => title),
    sees: rule.kind === 'event' ? (rule.source.sees ?? '') : '',
  };
}

/** Whether a rule is one that was asked for. */
export function matchesFilter({ summary, tags }: ListedRule, wanted: ListRulesRequest): boolean {
  const { state, levelMin = 0, tag, logsource, problem } = wanted;
  if (state && summary.state !== state) return false;
  if (levelMin && (summary.level ?? 0) < levelMin) return false;
  if (problem && !summary.problem) return false;
  if (tag && !hasTag(summary, tags, tag.toLowerCase())) return false;
  return !logsource || sourceWords(summary.logsource ?? '').includes(logsource.toLowerCase());
}

function hasTag({ tactics }: RuleSummary, tags: readonly string[], wanted: string): boolean {
  const plain = wanted.replace(/^attack\./, '');
  const matches = (tag: string) => tag === plain || (/^t\d{4}$/.test(plain) && tag.startsWith(`${plain}.`));
  return tags.some((tag) => tag === wanted || matches(tag.replace(/^attack\./, ''))) || (tactics ?? []).some(matches);
}

function tagsOf({ data }: LoadedRule): string[] {
  return textsOf(data.tags).map((tag) => tag.toLowerCase());
}

function describeSource({ category, product, service }: LogSource): string {
  const written = Object.entries({ category, product, service }).filter(([, value]) => value !== undefined);
  return written.map(([part, value]) => `${part}=${value}`).join(' ');
}

function sourceWords(source: string): string[] {
  return source.split(' ').flatMap((part) => [part, part.slice(part.indexOf('=') + 1)]);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): string[] {
  return [value ?? []].flat().filter((each) => typeof each === 'string');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
