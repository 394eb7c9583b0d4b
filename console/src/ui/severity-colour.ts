import { Severity } from '@threatguard/proto';

const COLOURS: Record<number, { color: string; bold?: boolean }> = {
  [Severity.CRITICAL]: { color: 'red', bold: true },
  [Severity.HIGH]: { color: 'red' },
  [Severity.MEDIUM]: { color: 'yellow' },
  [Severity.LOW]: { color: 'cyan' },
};

/** Properties of an Ink Text; none where there is to be no colour. */
export function severityColour(
  severity: Severity | null | undefined,
  colour: boolean,
): { color?: string; bold?: boolean } {
  return (colour && COLOURS[severity ?? 0]) || {};
}
