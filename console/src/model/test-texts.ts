import { createContext, Script } from 'node:vm';

/** A person types, and every frame is drawn with what was typed. */
const MS_MAX = 50;

const QUESTION = new Script('texts.map((text) => regex.test(text))');
let asked: { regex?: RegExp; texts?: readonly string[] } | undefined;

/**
 * Which texts match; undefined where that takes too long: a regular expression may go back and forth over a text of a host for
 * longer than anybody lives, and nothing but this ends it.
 */
export function testTexts(regex: RegExp, texts: readonly string[]): readonly boolean[] | undefined {
  asked ??= createContext({});
  Object.assign(asked, { regex, texts });
  try {
    return QUESTION.runInContext(asked, { timeout: MS_MAX });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}
