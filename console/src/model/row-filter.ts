// What is typed after `/`: text, `!text` for what has it not, `/regex/` (and `!/regex/`). Several words must all hold.

/** Characters of one row that are looked at: more is a command line nobody reads. */
const LOOKED_AT_MAX = 4_096;

export interface RowFilter {
  /** Of the text of one row. */
  matches(text: string): boolean;
  /** Why it cannot be used; empty where it can. */
  problem: string;
}

const ALL: RowFilter = { matches: () => true, problem: '' };

/** Never throws: a regular expression that is none yet is said, and hides nothing. */
export function rowFilter(typed: string): RowFilter {
  const text = typed.trim();
  if (text === '' || text === '!') return ALL;
  const inverse = text.startsWith('!');
  const rest = inverse ? text.slice(1).trim() : text;
  if (rest.startsWith('/')) return regexFilter(rest, inverse);
  const words = rest.toLowerCase().split(/\s+/);
  return {
    matches: (row) => {
      const lower = row.slice(0, LOOKED_AT_MAX).toLowerCase();
      return words.every((word) => lower.includes(word)) !== inverse;
    },
    problem: '',
  };
}

function regexFilter(text: string, inverse: boolean): RowFilter {
  const source = text.slice(1, text.length > 1 && text.endsWith('/') ? -1 : undefined);
  if (source === '') return ALL;
  try {
    const regex = new RegExp(source, 'iu');
    return { matches: (row) => regex.test(row.slice(0, LOOKED_AT_MAX)) !== inverse, problem: '' };
  } catch (error) {
    return { ...ALL, problem: `not a regular expression yet: ${(error as Error).message}` };
  }
}
