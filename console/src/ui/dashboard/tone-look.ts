import type { Tone } from './spans.ts';

export interface TextLook {
  color?: string;
  bold?: boolean;
  dimColor?: boolean;
  inverse?: boolean;
}

/** Of the 16 colours every terminal has; what a colour says always stands beside it as a word or a mark. */
const LOOKS: Record<Tone, TextLook> = {
  critical: { color: 'red', bold: true },
  high: { color: 'red' },
  medium: { color: 'yellow' },
  low: { color: 'cyan' },
  good: { color: 'green' },
  bad: { color: 'red' },
  dim: { dimColor: true },
  title: { bold: true },
  selected: { inverse: true },
  accent: { color: 'cyan' },
};

/** Properties of an Ink Text; none where there is to be no colour. */
export function toneLook(tone: Tone | undefined, colour: boolean): TextLook {
  return (colour && tone && LOOKS[tone]) || {};
}
