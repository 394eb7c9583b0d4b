import { type FieldFilter, resolveField, valueProblem } from '@threatguard/proto';
import { ConsoleError } from './console-error.ts';
import { printable, width } from './printable.ts';

/** Filters of one search; more is a program, not a question. */
const FILTERS_MAX = 32;

interface Word {
  text: string;
  /** Where it begins in the words joined by spaces, for the pointer under it. */
  at: number;
}

/**
 * Reads `user.name:root`, `not source.ip:10.0.0.0/8`, `process.executable:*curl`; `and` between them is allowed.
 * Throws `usage` with a pointer under the word that is wrong.
 */
export function parseEventQuery(args: readonly string[]): FieldFilter[] {
  const words = split(args);
  const whole = args.join(' ');
  const filters: FieldFilter[] = [];
  let negated: Word | undefined;
  for (const word of words) {
    if (/^not$/i.test(word.text) && !negated) negated = word;
    else if (!/^and$/i.test(word.text) || negated) {
      filters.push({ ...parseFilter(word, whole), negated: negated !== undefined });
      negated = undefined;
    }
  }
  if (negated) throw refuse(whole, negated, 'nothing follows "not"');
  if (filters.length > FILTERS_MAX)
    throw new ConsoleError('usage', `at most ${FILTERS_MAX} filters, not ${filters.length}`);
  return filters;
}

/** The same as a hunt. */
export function huntOf(filters: readonly FieldFilter[]): string {
  const quoted = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
  return filters
    .map(({ field, value = '', negated }) => `${negated ? 'not ' : ''}${field}:${quoted(value ?? '')}`)
    .join(' and ');
}

// The shell has taken the quotes away, so an argument that holds a filter keeps its spaces: 'event.reason:no such user'.
function split(args: readonly string[]): Word[] {
  let at = 0;
  return args.flatMap((arg) => {
    const start = at;
    at += arg.length + 1;
    const prefix = /^(not|and)\s+/i.exec(arg);
    const rest = { text: arg.slice(prefix?.[0].length ?? 0), at: start + (prefix?.[0].length ?? 0) };
    return prefix ? [{ text: prefix[1]!, at: start }, rest] : [rest];
  });
}

function parseFilter(word: Word, whole: string): { field: string; value: string } {
  const colon = word.text.indexOf(':');
  if (colon < 0) throw refuse(whole, word, 'a filter is written field:value, such as user.name:root');
  const field = word.text.slice(0, colon);
  const value = word.text.slice(colon + 1);
  const resolved = resolveField(field);
  if (typeof resolved !== 'string') {
    const help = resolved.help || '; see "threatguard events search --help" for names';
    throw refuse(whole, { text: field, at: word.at }, `there is no field "${field}"${help}`);
  }
  if (value === '') throw refuse(whole, word, `no value after "${field}:"; use ${field}:* for any`);
  const problem = valueProblem(resolved, value);
  if (problem) throw refuse(whole, { text: value, at: word.at + colon + 1 }, problem);
  return { field: resolved, value };
}

function refuse(whole: string, word: Word, problem: string): ConsoleError {
  const before = width(printable(whole.slice(0, word.at)));
  const marks = '^'.repeat(Math.max(1, width(printable(word.text))));
  return new ConsoleError('usage', `${problem}\n  ${printable(whole)}\n  ${' '.repeat(before)}${marks}`);
}
