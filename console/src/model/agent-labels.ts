// Labels of agents as they are written on a command line.
import { type FieldFilter, labelName } from '@threatguard/proto';
import { ConsoleError } from './console-error.ts';

type Labels = Readonly<Record<string, string>>;

/** `env=prod` sets a label, `env-` takes it away. Throws `usage` for anything else. The collector judges names and values. */
export function readLabelChange(words: readonly string[]): { set: Record<string, string>; remove: string[] } {
  const set: Record<string, string> = {};
  const remove: string[] = [];
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals > 0) set[word.slice(0, equals)] = word.slice(equals + 1);
    else if (equals < 0 && word.length > 1 && word.endsWith('-')) remove.push(word.slice(0, -1));
    else throw new ConsoleError('usage', `"${word}" sets no label and takes none away; write env=prod, or env-`);
  }
  const both = remove.find((name) => Object.hasOwn(set, name));
  if (both !== undefined) throw new ConsoleError('usage', `the label "${both}" cannot be set and taken away at once`);
  return { set, remove };
}

/** `env` asks for the label, `env=prod` for its value too, `env=pr*` for any that begins so, `env!=prod` for all others. */
export function readLabelFilter(words: readonly string[]): FieldFilter[] {
  return words.map((word) => {
    const [, name = '', compare, value = ''] = /^([^=!]*)(!?=)?(.*)$/s.exec(word) ?? [];
    const field = `labels.${name}`;
    if (labelName(field) === undefined || (compare === undefined && value !== '')) {
      throw new ConsoleError('usage', `--label "${word}" must be NAME, NAME=VALUE or NAME!=VALUE; * is any text`);
    }
    return { field, value: compare === undefined ? '*' : value, negated: compare === '!=' };
  });
}

/** As the collector judges it, for labels that are known here. A label that is absent passes no condition but a negated one. */
export function hasLabels(labels: Labels, wanted: readonly FieldFilter[]): boolean {
  return wanted.every(({ field = '', value = '', negated }) => {
    const name = labelName(field) ?? '';
    const found = Object.hasOwn(labels, name) && isLike(labels[name]!, value.split('*'));
    return found !== negated;
  });
}

/** Greedy from the left with the ends fixed: linear, whatever the pattern. */
function isLike(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > text.length - last.length) return false;
    from = at + part.length;
  }
  return true;
}
