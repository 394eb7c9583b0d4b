import type { Finding } from './finding.ts';

/** A table for people, one check to a line, what to do below it. */
export function renderFindings(findings: readonly Finding[]): string {
  const heads = findings.map(({ area, check }) => `${area} ${check}`);
  const width = Math.max(...heads.map((head) => head.length));
  const lines = findings.flatMap(({ state, finding, remedy }, index) => {
    const line = `${state.padEnd(8)}  ${heads[index]!.padEnd(width)}  ${printable(finding)}`;
    return remedy === '' ? [line] : [line, `${' '.repeat(10)}${' '.repeat(width)}  -> ${printable(remedy)}`];
  });
  const degraded = findings.filter(({ state }) => state === 'degraded').length;
  const verdict =
    degraded === 0 ? 'all is well' : `${degraded} ${degraded === 1 ? 'thing needs' : 'things need'} attention`;
  return `${lines.join('\n')}\n\n${verdict}\n`;
}

/** Names of files and words of the kernel come from outside; none of them may steer a terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
