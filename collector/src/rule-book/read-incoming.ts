// What somebody sends as rule files, before anything in it is looked at: names that are safe as paths wherever they are exported,
// and no more than a collector takes.
import type { RuleFileText } from '@threatguard/proto';
import { RuleBookError } from './rule-book-error.ts';

/** Files of one import, and of all imports together. */
const FILES_MAX = 2_000;
/** One file: a rule is 2 KB, a collection of hundreds still fits. */
const FILE_BYTES_MAX = 512 * 1024;
/** One import: SigmaHQ's rules for Linux are 0.5 MB. Half of what a message may have. */
const IMPORT_BYTES_MAX = 8 * 1024 * 1024;
/** All that is imported. It is compiled at every start, in every thread. */
const TOTAL_BYTES_MAX = 16 * 1024 * 1024;

const NAME_CHARS_MAX = 200;
/** Letters, digits and what file names have beside them; no segment begins with a dot. */
const NAME = /^(?:[A-Za-z0-9_@+(),=-][A-Za-z0-9_@+(),=. -]*\/)*[A-Za-z0-9_@+(),=-][A-Za-z0-9_@+(),=. -]*\.ya?ml$/;

/** Throws RuleBookError `invalid` or `too_large`. */
export function readIncoming(files: readonly RuleFileText[]): { name: string; text: string }[] {
  if (files.length === 0) throw new RuleBookError('invalid', 'no rule file was sent');
  if (files.length > FILES_MAX) throw new RuleBookError('too_large', `more than ${FILES_MAX} files at once`);
  const seen = new Set<string>();
  let bytes = 0;
  const read = files.map(({ name = '', text = '' }) => {
    if (name.length > NAME_CHARS_MAX || !NAME.test(name)) {
      throw new RuleBookError(
        'invalid',
        `${JSON.stringify(name.slice(0, NAME_CHARS_MAX))} is no name for a rule file: letters, digits and _@+(),=.- between slashes, .yml at its end`,
      );
    }
    if (seen.has(name)) throw new RuleBookError('invalid', `${name} was sent twice`);
    seen.add(name);
    const size = Buffer.byteLength(text);
    if (size > FILE_BYTES_MAX) throw new RuleBookError('too_large', `${name} has more than ${FILE_BYTES_MAX} bytes`);
    if (text.includes('\0')) throw new RuleBookError('invalid', `${name} is no text: it holds a NUL`);
    bytes += size;
    return { name, text };
  });
  if (bytes > IMPORT_BYTES_MAX) throw new RuleBookError('too_large', `more than ${IMPORT_BYTES_MAX} bytes at once`);
  return read;
}

/** Throws RuleBookError `too_large` where what is imported would be more than a collector compiles at every start. */
export function refuseTooMany(texts: readonly string[]): void {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > TOTAL_BYTES_MAX) {
    throw new RuleBookError('too_large', `all imported rules together would have more than ${TOTAL_BYTES_MAX} bytes`);
  }
}
