import textWidth, { isOrdinary } from './text-width.ts';

// The one gate between text that came from a host and a terminal. What could move the cursor, colour, reorder, hide or
// overwrite text becomes visible (`\x1b`, `\u202e`); ordinary text, wide and combining characters included, stays.

/** Combining marks kept on one character; more would draw over the lines above and below. */
const COMBINING_MARKS_MAX = 4;

const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  const named = NAMED[character];
  if (named) return named;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\u{${code.toString(16)}}`;
}

function limitMarks(_whole: string, base: string, marks: string): string {
  const kept = base === '' ? 0 : COMBINING_MARKS_MAX;
  const all = [...marks];
  return base + all.slice(0, kept).join('') + all.slice(kept).map(escapeCharacter).join('');
}

/** The text on one line, safe to write to any terminal. */
export function printable(text: string): string {
  return isOrdinary(text) ? text : escapeUnsafe(text);
}

// Expressions over all of Unicode are made where they are first needed: they take a while.
function escapeUnsafe(text: string): string {
  // Controls, format characters (bidi, zero width, tags), private and unassigned ones, line and paragraph separators, lone
  // surrogates, and what Unicode says is drawn as nothing (variation selectors, fillers): their width is anyone's guess.
  const unsafe = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]|\p{Default_Ignorable_Code_Point}/gu;
  const stacked = /(^|[^\p{M}])(\p{M}+)/gu;
  return text.replace(unsafe, escapeCharacter).replace(stacked, limitMarks);
}

/** Lines of ours that name what hosts and people wrote: each through the gate on its own. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Columns that printable text takes. */
export function width(text: string): number {
  return textWidth(text);
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Printable text cut to at most `columns`, with `…` where something is missing. Never splits a character. */
export function truncate(text: string, columns: number): string {
  if (columns <= 0) return '';
  // A character takes at least one column, so a longer text need not be measured whole.
  if (text.length <= columns * 8 && width(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = used + width(segment);
    if (next > columns - 1) break;
    kept += segment;
    used = next;
  }
  return `${kept}…`;
}

/** Printable text brought to exactly `columns`: cut, or filled with spaces. */
export function fit(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const cut = truncate(text, columns);
  const filling = ' '.repeat(Math.max(0, columns - width(cut)));
  return align === 'left' ? cut + filling : filling + cut;
}

/** Breaks printable text at spaces into lines of at most `columns`, at most `linesMax` of them, the last one cut. */
export function wrap(text: string, columns: number, linesMax: number): string[] {
  const lines: string[] = [];
  let line = '';
  const words = text.split(' ');
  for (const [index, word] of words.entries()) {
    const longer = line ? `${line} ${word}` : word;
    if (width(longer) <= columns) {
      line = longer;
    } else if (lines.length === linesMax - 1) {
      return [...lines, truncate([line, ...words.slice(index)].filter(Boolean).join(' '), columns)];
    } else {
      if (line) lines.push(truncate(line, columns));
      line = word;
    }
  }
  return [...lines, truncate(line, columns)].slice(0, linesMax);
}
