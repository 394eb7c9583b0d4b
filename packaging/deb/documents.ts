// Manual pages and changelog, made from what the programs and the repository say already.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianVersion } from './control.ts';
import type { PackagePlan } from './plan.ts';

/** A manual page that holds what `--help` prints. */
export function manualPage(plan: PackagePlan, help: string, version: string): string {
  const escaped = help
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .replaceAll('\\', '\\e')
        .replaceAll('-', '\\-')
        .replace(/^([.'])/, '\\&$1'),
    );
  return [
    `.TH ${plan.program.toUpperCase()} ${plan.manualSection} "" "ThreatGuard ${version}" "ThreatGuard"`,
    '.SH NAME',
    `${plan.program} \\- ${plan.summary}`,
    '.SH DESCRIPTION',
    '.nf',
    ...escaped,
    '.fi',
    '',
  ].join('\n');
}

/** The lines of this version in CHANGELOG.md, as Debian writes them. */
export function debianChangelog(
  root: string,
  plan: PackagePlan,
  parts: { version: string; maintainer: string; date: Date },
): string {
  const text = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const newest = text.slice(text.indexOf('\n## ')).split('\n## ')[1] ?? '';
  const lines = newest.split('\n').filter((line) => line.startsWith('- '));
  const stamp = parts.date.toUTCString().replace('GMT', '+0000');
  return [
    `${plan.name} (${debianVersion(parts.version)}) unstable; urgency=medium`,
    '',
    ...lines.flatMap((line) =>
      wrap(line.slice(2), 72).map((piece, index) => `${index === 0 ? '  * ' : '    '}${piece}`),
    ),
    '',
    ` -- ${parts.maintainer}  ${stamp}`,
    '',
  ].join('\n');
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
