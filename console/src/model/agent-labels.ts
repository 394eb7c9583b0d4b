// Labels of agents as they are written on a command line.
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

/** `env` asks for the label, `env=prod` for its value too. */
export function readLabelFilter(words: readonly string[]): { name: string; value: string | undefined }[] {
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (word === '' || equals === 0) throw new ConsoleError('usage', `--label "${word}" must be NAME or NAME=VALUE`);
    return equals < 0
      ? { name: word, value: undefined }
      : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

export function hasLabels(labels: Labels, wanted: readonly { name: string; value: string | undefined }[]): boolean {
  return wanted.every(
    ({ name, value }) => Object.hasOwn(labels, name) && (value === undefined || labels[name] === value),
  );
}
