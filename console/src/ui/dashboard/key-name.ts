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

/** What Ink read from the terminal, as the keys of the key map; several where much was typed or pasted at once. */
export function keyNames(input: string, key: Key): string[] {
  const named = NAMES.find(([flag]) => key[flag] === true);
  if (named) return [named[1]];
  if (key.ctrl) return input ? [`ctrl-${input}`] : [];
  if (key.meta) return [];
  // Typed ahead.
  if (/^[\r\n]+$/.test(input)) return Array.from(input, () => 'enter');
  // A line end within pasted text is not somebody pressing enter.
  return [...input].flatMap((character) => {
    if (/\s/.test(character)) return ['space'];
    return /\p{C}/u.test(character) ? [] : [character];
  });
}
