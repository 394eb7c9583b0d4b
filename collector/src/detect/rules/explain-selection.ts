// Why a search identifier holds for an event or does not: which of its items is the first that does not, what it wants and what
// the event has. Compiles again what it explains, a part at a time: the compiled rule keeps no way back to its text.
import { type EventView, fieldName } from './fields.ts';
import { clipText } from './reason.ts';
import { compileSelection, type SelectionContext } from './selection.ts';
import type { Verdict } from './verdict.ts';

const VALUE_CHARS_MAX = 512;
const WANTED_CHARS_MAX = 120;
/** Of a list of values; how many more there are is said. */
const WANTED_VALUES_MAX = 5;
const KEYWORDS = 'keywords';

export interface ExplainedSelection {
  name: string;
  /** Certainly. */
  holds: boolean;
  /** Possibly: it may ask for what no sensor reports. */
  may: boolean;
  /** How much of it holds, 0 to 1. */
  share: number;
  /** The first item that does not hold; undefined where all do. */
  failed: FailedItem | undefined;
}

interface FailedItem {
  /** "CommandLine|contains", or "keywords". */
  item: string;
  wanted: string;
  /** The field's name among ours; empty for keywords and for a field no sensor reports. */
  field: string;
  /** As the event has it; undefined where it does not have the field. */
  value: string | undefined;
  /** No sensor reports the field. */
  unseen: boolean;
}

/** What a selection is explained with. */
export interface Explaining {
  view: EventView;
  context: SelectionContext;
}

export function explainSelection(name: string, selection: unknown, explaining: Explaining): ExplainedSelection {
  const { holds, may } = judge(selection, [name], explaining);
  if (holds) return { name, holds, may, share: 1, failed: undefined };
  return { name, holds, may, ...findFailed(selection, [name], explaining) };
}

type Failed = Pick<ExplainedSelection, 'share' | 'failed'>;

function findFailed(selection: unknown, path: readonly (string | number)[], explaining: Explaining): Failed {
  if (Array.isArray(selection)) {
    const maps = selection.filter((entry) => typeof entry === 'object' && entry !== null);
    if (maps.length === 0) return { share: 0, failed: failedKeywords(selection) };
    // One of them would do: the one that came furthest says most.
    return maps
      .map((entry) => findFailed(entry, path, explaining))
      .reduce((best, each) => (each.share > best.share ? each : best));
  }
  if (typeof selection !== 'object' || selection === null) return { share: 0, failed: failedKeywords([selection]) };
  const items = Object.entries(selection);
  const held = items.map(([key, value]) => judge({ [key]: value }, path, explaining).holds);
  const [key, value] = items[held.indexOf(false)] ?? items[0]!;
  return { share: held.filter(Boolean).length / items.length, failed: failedItem(key, value, path, explaining) };
}

function failedItem(key: string, value: unknown, path: readonly (string | number)[], explaining: Explaining) {
  const [name = '', ...modifiers] = key.split('|');
  if (name === '') return failedKeywords([value].flat(), key);
  const { view, context } = explaining;
  const slot = context.scope(name);
  // Of values that all must be there, the one that is missing.
  const single = modifiers.filter((modifier) => modifier.toLowerCase() !== 'all');
  const values = [value].flat();
  const missing =
    single.length < modifiers.length
      ? values.filter((one) => !judge({ [[name, ...single].join('|')]: one }, path, explaining).holds)
      : values;
  const text = slot === undefined ? undefined : view.text(slot);
  return {
    item: key,
    wanted: listValues(missing),
    field: slot === undefined ? '' : fieldName(slot),
    value: text === undefined ? undefined : clipText(text, VALUE_CHARS_MAX),
    unseen: slot === undefined,
  };
}

function failedKeywords(values: readonly unknown[], item: string = KEYWORDS): FailedItem {
  return { item, wanted: listValues(values), field: '', value: undefined, unseen: false };
}

function listValues(values: readonly unknown[]): string {
  const shown = values.slice(0, WANTED_VALUES_MAX).map((value) => quote(value));
  const more = values.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Texts in quotes, so that spaces at their ends are seen. */
function quote(value: unknown): string {
  return typeof value === 'string' ? `"${clipText(value, WANTED_CHARS_MAX)}"` : String(value);
}

function judge(selection: unknown, path: readonly (string | number)[], { view, context }: Explaining) {
  const { holds, may }: Verdict = compileSelection(selection, path, context);
  return { holds: holds(view), may: may(view) };
}
