import { printable, truncate, width } from '../../model/printable.ts';

/** What a piece of text means; what it looks like is decided where it is drawn. */
export type Tone = 'critical' | 'high' | 'medium' | 'low' | 'good' | 'bad' | 'dim' | 'title' | 'selected' | 'accent';

/** Text may be a host's own, raw: `fitLine` is the gate before the terminal. */
export interface Span {
  text: string;
  tone?: Tone | undefined;
}

export type Line = readonly Span[];

export const span = (text: string, tone?: Tone): Span => ({ text, tone });
export const line = (text: string, tone?: Tone): Line => [{ text, tone }];

/** The line printable and at most `columns` wide. */
export function fitLine(spans: Line, columns: number): Span[] {
  const fitted: Span[] = [];
  let left = columns;
  for (const { text, tone } of spans) {
    if (left <= 0) break;
    const cut = truncate(printable(text), left);
    if (cut === '') continue;
    fitted.push({ text: cut, tone });
    left -= width(cut);
  }
  return fitted;
}

/** As wide as it was, for a terminal that knows ASCII alone: what was cut ends with ~, another character of a host is `?`. */
export function asciiLine(spans: Line): Span[] {
  const drawn = (character: string) => (character === '…' ? '~' : '?'.repeat(width(character)));
  return spans.map(({ text, tone }) => ({ text: text.replace(/[^\x20-\x7e]/gu, drawn), tone }));
}

/** The line brought to exactly `columns`, every span in this tone: a selected row. */
export function highlight(spans: Line, columns: number): Span[] {
  const fitted = fitLine(spans, columns);
  const used = fitted.reduce((sum, { text }) => sum + width(text), 0);
  return [...fitted, { text: ' '.repeat(Math.max(0, columns - used)) }].map(({ text }) => ({ text, tone: 'selected' }));
}

export function lineWidth(spans: Line): number {
  return spans.reduce((sum, { text }) => sum + width(printable(text)), 0);
}
