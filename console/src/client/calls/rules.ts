import {
  type CoverageResponse,
  type ExplainEventResponse,
  type ImportRulesRequest,
  type ImportRulesResponse,
  type ListRulesRequest,
  type ListRulesResponse,
  type RemoveRulesResponse,
  type RuleFileText,
  rulesService,
  type SetRuleStateRequest,
  type SetRuleStateResponse,
  type ShowRuleResponse,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';

/** Of what compiles rules: a collector gives thousands of them half a minute, and may do it several times. */
const RULES_MS_MAX = 120_000;

export const rulesCalls = (connection: Connection) => ({
  listRules(request: ListRulesRequest): Promise<ListRulesResponse> {
    return connection.call(rulesService.listRules, request);
  },

  showRule(id: string): Promise<ShowRuleResponse> {
    return connection.call(rulesService.showRule, { id });
  },

  setRuleState(request: SetRuleStateRequest): Promise<SetRuleStateResponse> {
    return connection.call(rulesService.setRuleState, request, RULES_MS_MAX);
  },

  importRules(request: ImportRulesRequest): Promise<ImportRulesResponse> {
    return connection.call(rulesService.importRules, request, RULES_MS_MAX);
  },

  removeRules(name: string): Promise<RemoveRulesResponse> {
    return connection.call(rulesService.removeRules, { name }, RULES_MS_MAX);
  },

  async exportRules(imported: boolean): Promise<RuleFileText[]> {
    return (await connection.call(rulesService.exportRules, { imported })).files ?? [];
  },

  explainEvent(event: string): Promise<ExplainEventResponse> {
    return connection.call(rulesService.explainEvent, { event }, RULES_MS_MAX);
  },

  ruleCoverage(): Promise<CoverageResponse> {
    return connection.call(rulesService.coverage, {});
  },
});
