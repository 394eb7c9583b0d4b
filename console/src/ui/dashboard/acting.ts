// What is done about what is selected: acts, going on from a value, copying.
import { ConsoleError } from '../../model/console-error.ts';
import { askFor } from './ask.ts';
import type { Dashboard } from './dashboard.ts';
import { isList } from './place-state.ts';
import type { Act, Pivot } from './view.ts';

/** As many as have a digit for a key. */
const PIVOTS_MAX = 9;

export function actsOf({ view }: Dashboard): readonly Act<unknown>[] {
  return view.acts ?? [];
}

/** Asks what the act needs, then does it to what is marked or selected now, whatever is shown by then. */
export function act(dashboard: Dashboard, chosen: Act<unknown>) {
  const refusal = dashboard.refusal(chosen.label, chosen.needs ?? 'alerts:write');
  if (refusal) return dashboard.say(refusal, 'bad');
  // What was said of another act is over.
  dashboard.say('');
  const rows = dashboard.concerned();
  const asked = rows.length > 0 ? chosen.asks(rows) : undefined;
  if (!asked) return dashboard.say(`nothing here to ${chosen.label}`, 'bad');
  askFor(dashboard, asked, (given) => void run(dashboard, chosen, rows, given));
}

async function run(
  dashboard: Dashboard,
  chosen: Act<unknown>,
  rows: readonly unknown[],
  given: { answer: string; reason: string },
): Promise<void> {
  const { place } = dashboard.state.top;
  dashboard.say(`${chosen.label} ...`);
  try {
    const became = await chosen.run(dashboard.parts.source, rows, given);
    dashboard.state.change(place, { marks: new Set() });
    const { said, leadsTo } = typeof became === 'string' ? { said: became, leadsTo: undefined } : became;
    // Who went elsewhere meanwhile stays there.
    if (leadsTo !== undefined && dashboard.state.top.place === place) {
      if (leadsTo === 'back') dashboard.leave();
      else dashboard.go(leadsTo);
      return dashboard.say(said, 'good');
    }
    dashboard.say(said, 'good');
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    dashboard.say(error.message, 'bad');
  }
  await dashboard.load();
}

/** Lets choose from the values of what is selected; everything about the chosen one is shown. */
export function pivot(dashboard: Dashboard) {
  const choices = pivotsOf(dashboard).slice(0, PIVOTS_MAX);
  if (choices.length === 0) return dashboard.say('nothing here to go on from', 'bad');
  dashboard.show({
    kind: 'menu',
    title: 'everything about',
    choices: choices.map(({ label, place }, index) => ({
      key: String(index + 1),
      label,
      choose: () => dashboard.go(place),
    })),
  });
}

function pivotsOf(dashboard: Dashboard): readonly Pivot[] {
  const { view } = dashboard;
  const { data } = dashboard.state.top;
  if (!isList(view)) return data === undefined ? [] : (view.pivots?.(data) ?? []);
  const row = dashboard.selectedRow();
  return row ? (view.pivots?.(row.row) ?? []) : [];
}

/** Copies a text, or what is under the cursor: the id of a row, the value of a line. */
export function copy(dashboard: Dashboard, text = selectedText(dashboard)) {
  if (!text) return dashboard.say('nothing here to copy', 'bad');
  dashboard.parts.copy(text);
  dashboard.say(`copied: ${text}`, 'good');
}

function selectedText(dashboard: Dashboard): string {
  if (isList(dashboard.view)) return dashboard.selectedRow()?.id ?? '';
  const selected = dashboard.selectedLine();
  const text = selected?.spans.map((each) => each.text).join('');
  return selected?.value ?? text?.trim() ?? dashboard.state.top.place.arg;
}
