// What is typed after `/`: text, `!text` for what has it not, `/regex/` (and `!/regex/`). Several words must all hold.
import { shellWord } from './shell-words.ts';
import { testTexts } from './test-texts.ts';

/** Characters of one row that are looked at: more is a command line nobody reads. */
const LOOKED_AT_MAX = 4_096;

export interface RowFilter {
  /** Of the texts of rows, each. */
  passing(texts: readonly string[]): readonly boolean[];
  /** Why it cannot be used, and hides nothing; empty where it can. Known once it was asked. */
  problem: string;
  /** What leaves the same lines of a table, each behind a pipe: grep(1) of GNU. */
  command: readonly string[];
}

const ALL: RowFilter = { passing: (texts) => texts.map(() => true), problem: '', command: [] };

/** The one in use: each frame asks for it again. */
let last: { typed: string; filter: RowFilter } | undefined;

/** Never throws: a regular expression that is none yet, or takes too long, is said, and hides nothing. */
export function rowFilter(typed: string): RowFilter {
  if (last?.typed !== typed) last = { typed, filter: readFilter(typed.trim()) };
  return last.filter;
}

function readFilter(text: string): RowFilter {
  if (text === '' || text === '!') return ALL;
  const inverse = text.startsWith('!');
  const rest = inverse ? text.slice(1).trim() : text;
  if (rest.startsWith('/')) return regexFilter(rest, inverse);
  const words = rest.toLowerCase().split(/\s+/);
  const matches = (row: string) => {
    const lower = row.slice(0, LOOKED_AT_MAX).toLowerCase();
    return words.every((word) => lower.includes(word)) !== inverse;
  };
  // All of several words turned round is one condition; else each word is one.
  const together = inverse && words.length > 1;
  const command = together
    ? [`grep -viP ${shellWord(words.map((word) => `(?=.*\\Q${word}\\E)`).join(''))}`]
    : words.map((word) => `grep ${inverse ? '-viF' : '-iF'} -e ${shellWord(word)}`);
  return { passing: (texts) => texts.map(matches), problem: '', command };
}

function regexFilter(text: string, inverse: boolean): RowFilter {
  const source = text.slice(1, text.length > 1 && text.endsWith('/') ? -1 : undefined);
  if (source === '') return ALL;
  let regex: RegExp;
  try {
    regex = new RegExp(source, 'iu');
  } catch (error) {
    return { ...ALL, problem: `not a regular expression yet: ${(error as Error).message.replace(/^.*: /, '')}` };
  }
  const filter: RowFilter = {
    problem: '',
    command: [`grep ${inverse ? '-viP' : '-iP'} -e ${shellWord(source)}`],
    passing(texts) {
      const cut = texts.map((each) => each.slice(0, LOOKED_AT_MAX));
      const found = filter.problem ? undefined : testTexts(regex, cut);
      if (!found) filter.problem = 'this expression takes too long on these rows, and hides none of them';
      return found?.map((each) => each !== inverse) ?? ALL.passing(texts);
    },
  };
  return filter;
}
