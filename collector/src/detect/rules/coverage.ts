// `rules coverage`: which tactics and techniques of MITRE ATT&CK the rules that load speak of.
import type { Writable } from 'node:stream';
import { compileRules, readRulePath } from './load.ts';
import { formatProblem } from './rule-error.ts';
import { wireRules } from './wiring.ts';

/** Of the layer file, https://github.com/mitre-attack/attack-navigator/blob/master/layers/LAYERFORMATv4_5.md */
const LAYER_VERSION = '4.5';

export interface Coverage {
  /** By tactic, as rules name it, its techniques by id, and of these the titles of the rules. */
  tactics: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** By technique, whatever the tactic. */
  techniques: ReadonlyMap<string, readonly string[]>;
  /** How many rules speak, building blocks not counted. */
  rules: number;
}

/** A rule that names several tactics counts its techniques for each: ATT&CK's own table is not kept here. */
export function coverageOf(speaking: readonly { title: string; tactics: string[]; techniques: string[] }[]): Coverage {
  const tactics = new Map<string, Map<string, string[]>>();
  const techniques = new Map<string, string[]>();
  for (const { title, ...rule } of speaking) {
    for (const technique of rule.techniques) {
      const titles = techniques.get(technique) ?? [];
      techniques.set(technique, titles);
      titles.push(title);
      for (const tactic of rule.tactics) {
        const row = tactics.get(tactic) ?? new Map<string, string[]>();
        tactics.set(tactic, row);
        row.set(technique, [...(row.get(technique) ?? []), title]);
      }
    }
  }
  return { tactics, techniques, rules: speaking.length };
}

/** Writes the coverage of the rules of a path; gives the exit code, 1 where a rule does not load. */
export function showCoverage(call: { path: string; navigator: boolean; stdout: Writable; stderr: Writable }): number {
  const { path, navigator, stdout, stderr } = call;
  const { rules, problems } = compileRules(readRulePath(path));
  for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
  const speaking = wireRules(rules.map(({ rule }) => rule)).flatMap(({ rule, speaks }) => (speaks ? [rule] : []));
  const coverage = coverageOf(speaking);
  stdout.write(navigator ? `${JSON.stringify(layerOf(coverage), null, 2)}\n` : tableOf(coverage));
  stderr.write(
    `${coverage.rules} rules speak of ${coverage.techniques.size} techniques in ${coverage.tactics.size} tactics\n`,
  );
  return problems.length > 0 ? 1 : 0;
}

function tableOf({ tactics }: Coverage): string {
  const lines: string[] = [];
  for (const [tactic, techniques] of sorted(tactics)) {
    lines.push(`${tactic} (${techniques.size})`);
    for (const [technique, titles] of sorted(techniques)) lines.push(`  ${technique.padEnd(10)} ${titles.join('; ')}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** The layer for the Navigator. */
export function layerOf({ techniques }: Coverage): object {
  return {
    name: 'ThreatGuard rules',
    versions: { layer: LAYER_VERSION },
    domain: 'enterprise-attack',
    description: 'How many rules speak of each technique',
    filters: { platforms: ['Linux', 'Containers'] },
    gradient: {
      colors: ['#dcecff', '#1f5fbf'],
      minValue: 0,
      maxValue: Math.max(1, ...[...techniques.values()].map((titles) => titles.length)),
    },
    techniques: sorted(techniques).map(([techniqueID, titles]) => ({
      techniqueID,
      score: titles.length,
      comment: titles.join('; '),
      showSubtechniques: true,
    })),
  };
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
