// What is stored of rules: states, imported files, and what rules did.
import type { Detection } from '@threatguard/proto';
import type { RuleState } from '../detect/rules/wiring.ts';
import type { AuditActor } from './audit-entry.ts';

/** What somebody decided about a rule; one without a record is on. */
export interface RuleStateRecord {
  ruleId: string;
  state: RuleState;
  changedAtUs: number;
  changedBy: string;
  reason: string;
}

/** A file of rules that somebody gave the collector. */
export interface ImportedRuleFile {
  /** Relative, with / between folders. */
  name: string;
  text: string;
  /** Ids of rules of the pack that give way to rules of this file. */
  overrides: readonly string[];
  importedAtUs: number;
  importedBy: string;
}

/** All that was decided about rules, as of one revision. */
export interface RuleBookRecord {
  revision: number;
  states: RuleStateRecord[];
  /** By name. */
  files: ImportedRuleFile[];
}

export interface RuleChange {
  /** The revision it was decided on. */
  revision: number;
  atUs: number;
  states?: readonly RuleStateRecord[];
  /** New or in the place of the file of this name; `facts` is what the audit entry says beside it. */
  files?: readonly { file: ImportedRuleFile; facts: Record<string, unknown> }[];
  /** Names of files. */
  removed?: readonly string[];
}

/** What a rule did. */
export interface RuleActivity {
  /** Detections, those of a simulation as well. */
  matches: number;
  alerts: number;
  /** Of all that are kept; 0 where none is. */
  lastMatchAtUs: number;
}

export interface SimulatedMatches {
  matches: number;
  /** That these would have raised. */
  alerts: number;
  firstAtUs: number;
  lastAtUs: number;
  /** Newest first. */
  newest: Detection[];
}

export interface RuleStore {
  load(): Promise<RuleBookRecord>;
  revision(): Promise<number>;
  /** All of it and its audit entries, in one transaction; false, and nothing done, where the revision is another by now. */
  change(change: RuleChange, by: AuditActor): Promise<boolean>;
  /** By id; matches and alerts since a time. */
  activity(ruleIds: readonly string[], sinceUs: number): Promise<Map<string, RuleActivity>>;
  /** What a rule matched while it was simulated, as far as it is kept; of the newest at most `limit`. */
  simulated(ruleId: string, limit: number): Promise<SimulatedMatches>;
}
