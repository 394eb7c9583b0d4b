export type RuleErrorCode =
  | 'yaml' // not YAML, or not within the limits of a rule file
  | 'schema' // not the form of a Sigma rule
  | 'field' // a field our events do not have
  | 'blind' // Sigma, but nothing our agents report could ever make it match
  | 'condition' // a condition that does not parse
  | 'reference' // a correlation names a rule that is not there
  | 'unsupported'; // Sigma, but not something this engine can honour

/** The way to a place in a document, by keys and indexes. */
export type RulePath = readonly (string | number)[];

/** A rule cannot be taken as it stands. `path` leads to the place in its document, from which the line is found. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  readonly code: RuleErrorCode;
  readonly path: RulePath;

  constructor(code: RuleErrorCode, message: string, path: RulePath = []) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** A rule that was not loaded: where it stands and why. */
export interface RuleProblem {
  file: string;
  line: number;
  /** Title, name or id of the rule; empty where the document did not tell. */
  rule: string;
  code: RuleErrorCode;
  reason: string;
}

export function formatProblem(problem: RuleProblem): string {
  return `${problem.file}:${problem.line}: ${problem.rule ? `${problem.rule}: ` : ''}${problem.reason}`;
}
