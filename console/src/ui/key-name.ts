import type { Key } from 'ink';

/** Names that this map gives; a character is its own name. */
const NAMES: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'esc'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
  ['tab', 'tab'],
];

/**
 * What Ink read from the terminal, as the keys of the key map. A slow line brings several keys at once: each counts. What is
 * pasted does not come this way.
 */
export function keyNames(input: string, key: Key): string[] {
  const named = NAMES.find(([flag]) => key[flag] === true);
  if (named) return [named[1]];
  if (key.ctrl) return input ? [`ctrl-${input}`] : [];
  if (key.meta) return [];
  return [...input].flatMap(nameOf);
}

/** The text of a paste as one line: a line end within it is not somebody pressing enter. */
export const pastedLine = (text: string): string => text.replaceAll(/\s+/gu, ' ').replaceAll(/\p{C}/gu, '').trim();

function nameOf(character: string): string[] {
  if (character === '\r' || character === '\n') return ['enter'];
  if (character === '\t') return ['tab'];
  if (/\s/.test(character)) return ['space'];
  const code = character.codePointAt(0)!;
  if (code >= 1 && code <= 26) return [`ctrl-${String.fromCodePoint(code + 0x60)}`];
  return /\p{C}/u.test(character) ? [] : [character];
}
