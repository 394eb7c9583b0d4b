import { Severity } from '@threatguard/proto';

const ESC = '\u001b[';

// ANSI colours by severity; the word itself always stands beside, so nothing is lost without colour.
const SEVERITY_CODES: Record<number, string> = {
  [Severity.CRITICAL]: '1;31',
  [Severity.HIGH]: '31',
  [Severity.MEDIUM]: '33',
  [Severity.LOW]: '36',
};

/** Wraps finished text in the severity's colour; the text unchanged where there is to be no colour. */
export function colourSeverity(text: string, severity: Severity | null | undefined, colour: boolean): string {
  const code = SEVERITY_CODES[severity ?? 0];
  return colour && code ? `${ESC}${code}m${text}${ESC}0m` : text;
}

/** Wraps what failed in red. */
export function colourFailure(text: string, colour: boolean): string {
  return colour ? `${ESC}31m${text}${ESC}0m` : text;
}
