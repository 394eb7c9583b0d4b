// Columns of a text, as string-width counts them. Most texts are characters of one column each; only for others is that
// library loaded, whose expressions for emoji take V8 a twentieth of a second to make.
import { createRequire } from 'node:module';

/** ASCII, and what charts and trees are drawn with: box drawing, blocks, braille, and the few signs of ours. */
const ORDINARY = /^[\x20-\x7e\u2500-\u259f\u2800-\u28ff\u00b7\u2026\u25cf]*$/;
const ESC = '\u001b';
/** What Ink colours texts with before it measures them. */
const COLOURS = new RegExp(`${ESC}\\[[\\d;]*m`, 'g');

const require = createRequire(import.meta.url);

type Width = (text: string, options?: { countAnsiEscapeCodes?: boolean }) => number;
let exact: Width | undefined;

/** Of characters that a terminal draws one column wide and does nothing else with. */
export function isOrdinary(text: string): boolean {
  return ORDINARY.test(text);
}

/** Takes the place of string-width also for Ink, options included. */
export default function textWidth(...[text, options]: Parameters<Width>): number {
  const bare = text.includes(ESC) && !options?.countAnsiEscapeCodes ? text.replace(COLOURS, '') : text;
  if (isOrdinary(bare)) return bare.length;
  exact ??= (require('string-width') as { default: Width }).default;
  return exact(text, options);
}
