import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  CoverageResponse,
  ExplainEventRequest,
  ExplainEventResponse,
  ExportRulesRequest,
  ImportRulesRequest,
  ImportRulesResponse,
  ListRulesRequest,
  ListRulesResponse,
  RemoveRulesRequest,
  RuleExplanation,
  RuleFinding,
  SetRuleStateRequest,
  SetRuleStateResponse,
  ShowRuleRequest,
  ShowRuleResponse,
} from '@threatguard/proto';
import { orderTactics, TACTICS_IN_ORDER } from '../correlate/tactics.ts';
import { coverageOf, layerOf } from '../detect/rules/coverage.ts';
import type { RuleProblem } from '../detect/rules/rule-error.ts';
import type { RuleState } from '../detect/rules/wiring.ts';
import type { CallFrom } from '../ingest/call-from.ts';
import { readIncoming } from '../rule-book/read-incoming.ts';
import type { RuleBook } from '../rule-book/rule-book.ts';
import { isImported } from '../rule-book/rule-files.ts';
import type { SimulationLog } from '../rule-book/simulation-log.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { Store } from '../store/store.ts';
import { type EventPlaces, eventIdOf, findEvent } from './event-id.ts';
import { ApiError, unary } from './grpc-status.ts';
import { describeRule, matchesFilter, summariseRule, summariseRules } from './rule-summaries.ts';

const RULE_STATES: readonly RuleState[] = ['on', 'off', 'simulated'];
const DAY_US = 24 * 3_600_000_000;
/** Of a simulation, shown at once. */
const SIMULATED_SHOWN_MAX = 20;
/** Of what stands against an import: more nobody reads; the rest is counted. */
const FINDINGS_MAX = 500;
const REASON_CHARS_MAX = 500;

export interface RulesParts extends EventPlaces {
  store: Store;
  book: RuleBook;
  simulations: SimulationLog;
  /** Rules that failed while running, by id, with why. */
  failures: () => ReadonlyMap<string, string>;
  actor: (from: CallFrom) => AuditActor;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

/** The Rules service. Callers are consoles: authorisation is done before. */
export function rulesHandlers(parts: RulesParts): UntypedServiceImplementation {
  const { actor, failed } = parts;
  return {
    listRules: unary((request: ListRulesRequest) => listRules(parts, request), failed),
    showRule: unary((request: ShowRuleRequest) => showRule(parts, request), failed),
    setRuleState: unary((request: SetRuleStateRequest, from) => setRuleState(parts, request, actor(from)), failed),
    importRules: unary((request: ImportRulesRequest, from) => importRules(parts, request, actor(from)), failed),
    removeRules: unary(async ({ name }: RemoveRulesRequest, from) => {
      if (!name) throw new ApiError('invalid', 'name an imported file, or the rule in it');
      return parts.book.remove(name, actor(from));
    }, failed),
    exportRules: unary(async ({ imported }: ExportRulesRequest) => {
      const { files } = parts.book.running;
      const wanted = imported ? files.filter(({ name }) => isImported(name)) : files;
      return { files: wanted.map(({ name, text }) => ({ name, text })) };
    }, failed),
    explainEvent: unary((request: ExplainEventRequest) => explainEvent(parts, request), failed),
    coverage: unary(async () => reportCoverage(parts), failed),
  };
}

async function listRules(parts: RulesParts, request: ListRulesRequest): Promise<ListRulesResponse> {
  const countedSinceUs = parts.nowUs() - DAY_US;
  const rules = await summariseRules(parts, countedSinceUs);
  return { rules: rules.filter((rule) => matchesFilter(rule, request)).map(({ summary }) => summary), countedSinceUs };
}

async function showRule(parts: RulesParts, { id = '' }: ShowRuleRequest): Promise<ShowRuleResponse> {
  const { book, store, simulations } = parts;
  const loaded = book.find(id);
  const countedSinceUs = parts.nowUs() - DAY_US;
  const ruleId = loaded.rule.id;
  const simulation = await store.rules.simulated(ruleId, SIMULATED_SHOWN_MAX);
  const shown = simulation.matches > 0 || book.state(ruleId) === 'simulated';
  return {
    rule: await summariseRule(parts, loaded, countedSinceUs),
    ...describeRule(book, loaded),
    countedSinceUs,
    simulation: shown ? { ...simulation, unrecorded: simulations.unrecorded(ruleId) } : undefined,
  };
}

async function setRuleState(
  parts: RulesParts,
  { id = '', state: wanted, reason = '' }: SetRuleStateRequest,
  by: AuditActor,
): Promise<SetRuleStateResponse> {
  const { book } = parts;
  const state = RULE_STATES.find((one) => one === wanted);
  if (!state) throw new ApiError('invalid', `a rule is one of ${RULE_STATES.join(', ')}`);
  if (reason.length > REASON_CHARS_MAX) {
    throw new ApiError('invalid', `a reason has at most ${REASON_CHARS_MAX} characters`);
  }
  const changed = await book.setState(id, { state, reason }, by);
  const loaded = book.find(changed.id);
  const blind = state === 'off' ? book.feeds(changed.id) : [];
  return {
    rule: await summariseRule(parts, loaded, parts.nowUs() - DAY_US),
    before: changed.before,
    warnings: blind.map((title) => `"${title}" sees nothing of this rule any more`),
  };
}

async function importRules(
  { book }: RulesParts,
  { files, dryRun, override = false, partial = false }: ImportRulesRequest,
  by: AuditActor,
): Promise<ImportRulesResponse> {
  const incoming = readIncoming(files ?? []);
  const change = await book.import(incoming, { override, partial, apply: !dryRun }, by);
  const { applied, refusals, warnings, rules, unchanged, filters } = change;
  return {
    applied,
    refusals: boundFindings(refusals),
    warnings: boundFindings(warnings),
    rules,
    files: change.files.length,
    unchanged,
    leftOut: incoming.length - unchanged - change.files.length,
    filters,
  };
}

function boundFindings(problems: readonly RuleProblem[]): RuleFinding[] {
  const shown = problems.slice(0, FINDINGS_MAX).map(({ file, line, rule, reason }) => ({ file, line, rule, reason }));
  const more = problems.length - shown.length;
  return more > 0 ? [...shown, { reason: `and ${more} more` }] : shown;
}

async function explainEvent(parts: RulesParts, { event = '' }: ExplainEventRequest): Promise<ExplainEventResponse> {
  const { book } = parts;
  const stored = await findEvent(parts, event);
  const { rules, others } = await book.explain(stored);
  const explained = rules.map(({ id, share, selections, ...rest }): RuleExplanation => {
    const { title, severity } = book.find(id).rule;
    return {
      ...rest,
      ruleId: id,
      title,
      level: severity,
      state: book.state(id),
      near: rest.outcome === 'no' && share > 0,
      selections: selections.map(({ name, holds, failed }) => ({
        name,
        holds,
        ...failed,
        absent: failed !== undefined && failed.value === undefined,
      })),
    };
  });
  return { event: stored, eventId: eventIdOf(stored), rules: explained, otherRules: others };
}

function reportCoverage({ book, failures }: RulesParts): CoverageResponse {
  const failed = failures();
  const speaking = book.loaded.rules
    .map(({ rule }) => rule)
    .filter(({ id }) => book.wiring(id).speaks && book.state(id) === 'on' && !failed.has(id));
  const coverage = coverageOf(speaking);
  const techniques = orderTactics(coverage.tactics.keys()).flatMap((tactic) =>
    [...coverage.tactics.get(tactic)!]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([technique, rules]) => ({ tactic, technique, rules: [...rules] })),
  );
  return {
    techniques,
    rules: speaking.length,
    techniquesCovered: coverage.techniques.size,
    tacticsWithout: TACTICS_IN_ORDER.filter((tactic) => !coverage.tactics.has(tactic)),
    navigatorLayer: JSON.stringify(layerOf(coverage)),
  };
}
