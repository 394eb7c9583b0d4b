// Words of a line typed at `threatguard shell`: quotes and backslashes as sh(1) reads them, and nothing else of it. `$`, `*`, `|`
// and `>` are letters, because conditions on fields are full of them.

export interface ShellLine {
  words: readonly string[];
  /** The last word is still being typed: no space followed it. Absent where a space did, or nothing was typed. */
  partial: string | undefined;
  /** The quote that was not closed. */
  openQuote: string | undefined;
}

/** Reads a line to its end, whatever it holds. A word that begins with `#` begins a comment. */
export function readShellLine(line: string): ShellLine {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (quote === undefined && word === undefined && letter === '#') break;
    if (quote === undefined && /\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (letter === quote) {
      quote = undefined;
    } else if (quote === undefined && (letter === "'" || letter === '"')) {
      quote = letter;
      word ??= '';
    } else if (letter === '\\' && quote !== "'" && at + 1 < line.length && escapes(line[at + 1]!, quote)) {
      at++;
      word = (word ?? '') + line[at]!;
    } else {
      word = (word ?? '') + letter;
    }
  }
  if (word !== undefined) words.push(word);
  return { words, partial: word, openQuote: quote };
}

/** Within double quotes a backslash is one before anything else: `"*\d"` is what was typed. */
function escapes(next: string, quote: string | undefined): boolean {
  return quote === undefined || next === '"' || next === '\\';
}

/** What of a line is no secret: whether it may be kept where it can be read later. A leading space keeps it out, as in bash. */
export function mayKeep(line: string): boolean {
  if (line.trim() === '' || line.startsWith(' ')) return false;
  return !SECRET_FLAG.test(line) && !SECRET_VALUE.test(line);
}

const SECRET_FLAG = /--[a-z-]*(?:password|passphrase|secret|token|credential)[a-z-]*(?:[ =]|$)/i;
/** Join tokens, tokens of users, credentials in an address, and keys as text. */
const SECRET_VALUE = /\btg[a-z]*\d*[._][\w.-]{8}|:\/\/[^\s/@]*:[^\s/@]*@|-----BEGIN/;

export interface CompletedLine {
  /** What the end of the line could become; with a space where that is the only one and the word is whole. */
  words: string[];
  /** The end of the line they would stand for. */
  current: string;
}

/** Completes the end of a line: its last word, or the last condition within an open quote, where a hunt is being written. */
export async function completeLine(
  line: string,
  complete: (words: readonly string[]) => Promise<readonly string[]>,
): Promise<CompletedLine> {
  const { words, partial, openQuote } = readShellLine(line);
  const before = partial === undefined ? words : words.slice(0, -1);
  const prefixed = /^(threatguard|help)$/.test(before[0] ?? '') ? before.slice(1) : before;
  const typed = partial ?? '';
  const current = openQuote === undefined ? typed : typed.slice(typed.search(/[^\s(]*$/));
  // A word typed with quotes or backslashes is not the end of the line as it stands.
  if (!line.endsWith(current)) return { words: [], current: line };
  const found = [...new Set(await complete([...prefixed, current]))];
  const only = found.length === 1 && !found[0]!.endsWith(':') && openQuote === undefined;
  return { words: only ? [`${found[0]} `] : found, current };
}

/** A word as it is typed to sh(1): a name of a host is nothing else when the line is copied and run. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
