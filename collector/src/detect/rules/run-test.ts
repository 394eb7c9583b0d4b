// `rules test`: files of rules, a stream of JSON lines, what matched.

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { type FlatEvent, flattenEvent, TIME_FIELDS, timeOf } from './flat-event-view.ts';
import { compileRules, readRulePath } from './load.ts';
import { formatProblem } from './rule-error.ts';
import { RuleTest } from './test-rules.ts';

/** As the agents' own limit on an event, several times over. */
const LINE_CHARS_MAX = 1024 * 1024;
/** Bad lines named one by one; beyond that they are counted. */
const BAD_LINES_NAMED_MAX = 20;
/** Written at once: matches are many and short. */
const OUTPUT_CHARS = 64 * 1024;

interface Invocation {
  /** A rule file or a directory. */
  rules: string;
  /** A file of JSON lines, `-` for `stdin`. */
  events: string;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** Gives the exit code: 1 where a rule does not load. Errors of files are thrown as they are. */
export async function testRules({ rules: path, events, stdin, stdout, stderr }: Invocation): Promise<number> {
  const { rules, problems } = compileRules(readRulePath(path), { anyEvents: true });
  for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
  const test = new RuleTest(rules.map(({ rule }) => rule));
  const counts = { events: 0, matches: 0, bad: 0, timeless: 0 };
  const matched = new Set<string>();
  let output = '';
  let atUs = 0;
  let line = 0;
  const write = async () => {
    const written = output;
    output = '';
    if (written && !stdout.write(written)) await once(stdout, 'drain');
  };
  for await (const lines of readLines(events === '-' ? stdin : createReadStream(events))) {
    for (const each of lines) {
      line++;
      const event = readEvent(each);
      if (event === undefined) continue;
      if (typeof event === 'string') {
        counts.bad++;
        if (counts.bad <= BAD_LINES_NAMED_MAX) stderr.write(`line ${line}: ${event}\n`);
        continue;
      }
      counts.events++;
      const time = timeOf(event);
      if (time === undefined) counts.timeless++;
      // An event that does not say when it happened happened with the one before it.
      atUs = time ?? atUs;
      for (const { id, title } of test.look(event, atUs)) {
        counts.matches++;
        matched.add(id);
        output += `${JSON.stringify({ rule: id, title, line })}\n`;
      }
    }
    if (output.length > OUTPUT_CHARS) await write();
  }
  await write();
  for (const { rule, reason } of test.faults) stderr.write(`${rule.title}: failed while running: ${reason}\n`);
  const correlations = rules.filter(({ rule }) => rule.kind === 'correlation').length;
  stderr.write(
    `${rules.length} rules (${correlations} correlations), ${problems.length} not loaded; ${counts.events} events, ` +
      `${counts.bad} lines that are no event; ${counts.matches} matches of ${matched.size} rules\n`,
  );
  if (correlations > 0 && counts.timeless > 0) {
    stderr.write(
      `${counts.timeless} events do not say when they happened (${TIME_FIELDS.join(', ')}): taken with the one before\n`,
    );
  }
  return problems.length > 0 || test.faults.length > 0 ? 1 : 0;
}

/** The event of a line; undefined for an empty one, and why it is none. */
function readEvent(line: string): FlatEvent | string | undefined {
  if (line.length > LINE_CHARS_MAX) return `more than ${LINE_CHARS_MAX} characters`;
  if (line.trim() === '') return undefined;
  let event: unknown;
  try {
    event = LONG_NUMBER.test(line) ? JSON.parse(line, keepDigits) : JSON.parse(line);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'not a JSON object';
  return flattenEvent(event as FlatEvent);
}

/** Beyond what a number holds exactly its digits are the value, as in rules. */
const LONG_NUMBER = /[:[,]\s*-?\d{16}/;

function keepDigits(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  const exact = typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(context?.source ?? '');
  return exact ? value : context!.source;
}

/** Lines as they come, those of one chunk together. */
async function* readLines(stream: Readable): AsyncGenerator<string[]> {
  stream.setEncoding('utf8');
  let rest = '';
  let first = true;
  for await (const chunk of stream as AsyncIterable<string>) {
    rest += first ? chunk.replace(/^\ufeff/, '') : chunk;
    first = false;
    const lines = rest.split('\n');
    rest = lines.pop()!;
    // Of a line without an end only what is needed to refuse it is kept.
    if (rest.length > LINE_CHARS_MAX) rest = rest.slice(0, LINE_CHARS_MAX + 1);
    yield lines;
  }
  if (rest) yield [rest];
}
