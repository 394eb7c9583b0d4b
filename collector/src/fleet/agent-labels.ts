// What administrators say of agents: `env=prod`. A label is a name and a text; both are bounded, and safe wherever they stand.

export type Labels = Readonly<Record<string, string>>;

/** More tell nobody apart. */
const LABELS_MAX = 32;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const VALUE_CHARS_MAX = 128;

/** The message is for the person who asked. */
export class LabelError extends Error {
  override readonly name = 'LabelError';
  readonly code = 'invalid';
}

/** The labels with these set and those taken away. Throws LabelError where one cannot be, and then changes nothing. */
export function changeLabels(labels: Labels, change: { set: Labels; remove: readonly string[] }): Labels {
  for (const [name, value] of Object.entries(change.set)) {
    if (!NAME.test(name)) {
      throw new LabelError(`"${name.slice(0, 80)}" is no name of a label: a-z, 0-9, ".", "_" and "-", at most 63`);
    }
    if (value.length > VALUE_CHARS_MAX || !/^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(value)) {
      throw new LabelError(
        `the label "${name}" must be at most ${VALUE_CHARS_MAX} letters, digits and signs on a line`,
      );
    }
  }
  const left = Object.entries({ ...labels, ...change.set }).filter(([name]) => !change.remove.includes(name));
  if (left.length > LABELS_MAX) throw new LabelError(`an agent has at most ${LABELS_MAX} labels`);
  return Object.fromEntries(left.sort(([a], [b]) => (a < b ? -1 : 1)));
}
