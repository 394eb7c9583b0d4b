// Regular expressions by RE2, which runs in time linear in the text, whatever the expression: a rule cannot hang the
// pipeline. What RE2 does not have (backreferences, look-around, possessive quantifiers, repetition beyond 1,000) is refused.
import { RE2JS } from 're2js';
import type { RegexFlag } from './modifiers.ts';
import type { CertainText, TextTest } from './pattern.ts';
import { type RequiredLiterals, requiredLiterals } from './required-literals.ts';
import { RuleError } from './rule-error.ts';

const FLAGS: Record<RegexFlag, number> = { i: RE2JS.CASE_INSENSITIVE, m: RE2JS.MULTILINE, s: RE2JS.DOTALL };
/** Of the whole expression, as flags of the rule. */
const LEADING_FLAGS = /^\(\?([ims]+)\)/;
/** Far beyond any expression a person writes; what it may come to when it is compiled is RE2's own bound. */
const EXPRESSION_CHARS_MAX = 4_096;

/**
 * A test for texts in which the expression is found anywhere, and groups of texts of which each of these contains one.
 * Throws RuleError `unsupported`.
 */
export function compileRegex(
  expression: string,
  flags: readonly RegexFlag[],
): { test: TextTest; required: readonly (readonly CertainText[])[] } {
  if (expression.length > EXPRESSION_CHARS_MAX) {
    throw new RuleError('unsupported', `a regular expression of more than ${EXPRESSION_CHARS_MAX} characters`);
  }
  let bits = 0;
  for (const flag of flags) bits |= FLAGS[flag];
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(expression, bits);
  } catch (error) {
    throw new RuleError('unsupported', `regular expression: ${(error as Error).message}`);
  }
  const leading = LEADING_FLAGS.exec(expression)?.[1] ?? '';
  const required = requiredLiterals(leading ? expression.slice(leading.length + 3) : expression);
  const certain = required.map((group) => group.map((text) => ({ text, start: false, end: false })));
  // Upper and lower case together are what the index looks for, not what the text says.
  if (bits & RE2JS.CASE_INSENSITIVE || leading.includes('i'))
    return { test: (text) => regex.test(text), required: certain };
  return { test: (text) => containsRequired(text, required) && regex.test(text), required: certain };
}

function containsRequired(text: string, required: RequiredLiterals): boolean {
  for (const group of required) {
    let contained = false;
    for (let at = 0; at < group.length && !contained; at++) contained = text.includes(group[at]!);
    if (!contained) return false;
  }
  return true;
}
