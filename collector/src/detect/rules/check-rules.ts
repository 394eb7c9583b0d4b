// `rules check`: what would be loaded, what not, and what would never match on the events our agents send.
import type { Writable } from 'node:stream';
import { compileRules, readRulePath } from './load.ts';
import { formatProblem, type RuleProblem } from './rule-error.ts';

/** Writes findings on `stdout`, a summary on `stderr`; gives the exit code, 1 where a rule is wrong in itself. */
export function checkRules({ path, stdout, stderr }: { path: string; stdout: Writable; stderr: Writable }): number {
  const files = readRulePath(path);
  const { rules, problems, warnings } = compileRules(files);
  // What does not load wherever the events come from is wrong in itself.
  const wrong = compileRules(files, { anyEvents: true }).problems;
  const known = new Set(wrong.map(formatProblem));
  const blind = problems.filter((problem) => !known.has(formatProblem(problem)));
  for (const [kind, findings] of Object.entries({ error: wrong, 'cannot match here': blind, warning: warnings })) {
    for (const finding of findings) {
      const { rule, file, line } = finding;
      stdout.write(
        `${formatProblem({ ...finding, rule: '', file, line, reason: `${kind}: ${rule ? `${rule}: ` : ''}${finding.reason}` })}\n`,
      );
    }
  }
  for (const { rule, file, line } of rules) {
    if (rule.kind === 'event' && rule.source.sees) {
      const sees = `sees of ${rule.source.service ?? rule.source.product} only ${rule.source.sees}`;
      stdout.write(`${file}:${line}: note: ${rule.title}: ${sees}\n`);
    }
  }
  stderr.write(
    `${files.length} files: ${rules.length} rules load, ${wrong.length} do not, ${blind.length} cannot match on what agents ` +
      `report; ${warnings.length} warnings\n`,
  );
  for (const [reason, count] of countByReason(blind)) stderr.write(`${String(count).padStart(5)} ${reason}\n`);
  return wrong.length > 0 ? 1 : 0;
}

function countByReason(problems: readonly RuleProblem[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { reason } of problems) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
