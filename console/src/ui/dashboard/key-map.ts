// Every key of the dashboard in one table; help is made from it.

import { rowFilter } from '../../model/row-filter.ts';
import { pastedLine } from '../key-name.ts';
import { act, actsOf, copy, pivot } from './acting.ts';
import { candidatesFor, runCommand, saveView } from './command-line.ts';
import type { Dashboard } from './dashboard.ts';
import type { Overlay } from './dashboard-state.ts';
import { isList } from './place-state.ts';

export interface Binding {
  keys: readonly string[];
  help: string;
  does(dashboard: Dashboard): void;
}

const MOST = 1_000_000;

/** Keys of every view. Names as `keyName` gives them. */
export const BINDINGS: readonly Binding[] = [
  {
    keys: [':'],
    help: 'go to a view',
    does: (d) => d.ask({ purpose: 'command', label: ':', enter: (text) => runCommand(d, text) }),
  },
  { keys: ['/'], help: 'filter: text, !inverse, /regex/', does: filter },
  { keys: ['enter'], help: 'open', does: (d) => d.enter() },
  { keys: ['esc', 'backspace'], help: 'back', does: (d) => d.back() },
  { keys: ['?'], help: 'help', does: (d) => d.show({ kind: 'paper', title: 'Help', lines: helpLines(d), top: 0 }) },
  { keys: ['space'], help: 'mark for an act on several', does: (d) => d.mark() },
  { keys: ['g'], help: 'go on from a value: user, address, process, host', does: pivot },
  { keys: ['s'], help: 'sort by the next column', does: (d) => d.sort() },
  { keys: ['w'], help: 'wide: all columns', does: (d) => d.state.set({ wide: !d.state.snapshot().wide }) },
  { keys: ['p'], help: 'pause what comes in', does: (d) => d.pause() },
  { keys: ['y'], help: 'the command that shows the same', does: showCommand },
  { keys: ['Y'], help: 'copy the selected value', does: (d) => copy(d) },
  { keys: ['r'], help: 'ask again now', does: (d) => void d.load() },
  { keys: ['ctrl-s'], help: 'save this view', does: saveView },
  { keys: ['down', 'j'], help: 'down', does: (d) => d.move(1) },
  { keys: ['up', 'k'], help: 'up', does: (d) => d.move(-1) },
  { keys: ['pagedown', 'ctrl-f'], help: 'a page down', does: (d) => d.move(d.bodyLook.rows - 1) },
  { keys: ['pageup', 'ctrl-b'], help: 'a page up', does: (d) => d.move(1 - d.bodyLook.rows) },
  { keys: ['home'], help: 'to the first', does: (d) => d.move(-MOST) },
  { keys: ['end', 'G'], help: 'to the last', does: (d) => d.move(MOST) },
  { keys: ['ctrl-c', 'q'], help: 'quit', does: (d) => d.parts.quit() },
];

/** What a key does here: on what lies over the view first, then by the view, then everywhere. */
export function pressKey(dashboard: Dashboard, key: string) {
  if (key === 'ctrl-c') return dashboard.parts.quit();
  const { overlay } = dashboard.state.snapshot();
  if (overlay?.kind === 'prompt') return typeKey(dashboard, key);
  if (overlay) return overlayKey(dashboard, key);
  const own = actsOf(dashboard).find((each) => each.key === key);
  if (own) return act(dashboard, own);
  BINDINGS.find(({ keys }) => keys.includes(key))?.does(dashboard);
}

/** For the last line of the screen: what one needs first. */
export function keyHints(dashboard: Dashboard): string[] {
  const acts = dashboard.parts.readonly ? [] : actsOf(dashboard).map(({ key, label }) => `${key} ${label}`);
  const lists = isList(dashboard.view) ? ['space mark', 's sort'] : [];
  return [
    ': view',
    '/ filter',
    '? help',
    'enter open',
    'esc back',
    ...acts,
    'g pivot',
    ...lists,
    'p pause',
    'y command',
    'q quit',
  ];
}

/** Keys and names of views in help, as the longest needs. */
const HELP_KEYS_COLUMNS = 21;

function helpLines(dashboard: Dashboard): string[] {
  const row = (keys: readonly string[], help: string) => `${keys.join(' ').padEnd(HELP_KEYS_COLUMNS)} ${help}`;
  const acts = actsOf(dashboard);
  return [
    'Keys',
    ...BINDINGS.map(({ keys, help }) => row(keys, help)),
    ...(acts.length > 0
      ? ['', `Acts in ${dashboard.view.name}${dashboard.parts.readonly ? ' (read-only: not allowed)' : ''}`]
      : []),
    ...acts.map(({ key, label }) => row([key], label)),
    '',
    'Views',
    ...dashboard.parts.views.map(({ name, aliases, takes, summary }) =>
      row([`:${name}`, ...aliases], takes ? `${summary} (${takes})` : summary),
    ),
    ...dashboard.parts.saved.names().map((name) => row([`:${name}`], 'saved')),
  ];
}

function filter(dashboard: Dashboard): void {
  const { place, filter: before } = dashboard.state.top;
  dashboard.ask(
    {
      purpose: 'filter',
      label: '/',
      enter: (text) => dashboard.state.change(place, { filter: text, selected: undefined, top: 0 }),
    },
    before,
  );
}

function showCommand(dashboard: Dashboard): void {
  const { place, filter } = dashboard.state.top;
  const utc = dashboard.parts.look.utc ? ' --utc' : '';
  const only = rowFilter(filter).command;
  const asTyped = (command: string) => [command + utc, ...only].join(' | ');
  const command = asTyped(dashboard.view.command(place.arg));
  const beside = (dashboard.view.commandsBeside?.(place.arg) ?? []).map(asTyped);
  dashboard.show({
    kind: 'paper',
    title: 'The same as a command (c copies it)',
    lines: [command, ...(beside.length > 0 ? ['', 'and of what else is shown:', ...beside] : [])],
    top: 0,
    copies: command,
  });
}

function overlayKey(dashboard: Dashboard, key: string) {
  const { overlay } = dashboard.state.snapshot();
  if (overlay?.kind === 'menu') {
    const choice = overlay.choices.find((each) => each.key === key);
    if (!choice) return key === 'esc' || key === 'q' ? dashboard.back() : undefined;
    dashboard.state.set({ overlay: undefined });
    return choice.choose();
  }
  if (overlay?.kind !== 'paper') return;
  const steps = { down: 1, j: 1, up: -1, k: -1, pagedown: 10, pageup: -10 }[key];
  if (steps)
    return dashboard.show({ ...overlay, top: Math.min(overlay.lines.length, Math.max(0, overlay.top + steps)) });
  dashboard.state.set({ overlay: undefined });
  if (key === 'c' && overlay.copies) copy(dashboard, overlay.copies);
}

/** A key while a line is typed. */
function typeKey(dashboard: Dashboard, key: string) {
  const { overlay } = dashboard.state.snapshot();
  if (overlay?.kind !== 'prompt') return;
  if (key === 'enter') return overlay.enter(overlay.text);
  if (key === 'esc') {
    if (overlay.purpose === 'filter') dashboard.state.change(dashboard.state.top.place, { filter: '' });
    return dashboard.state.set({ overlay: undefined });
  }
  if (key === 'up') return dashboard.recall(-1);
  if (key === 'down') return dashboard.recall(1);
  const text = typed(dashboard, overlay.text, key, overlay.purpose === 'command');
  if (text !== undefined) setTyped(dashboard, overlay, text);
}

/** Pasted text goes where a line is typed; elsewhere its characters are not keys that somebody pressed. */
export function paste(dashboard: Dashboard, text: string) {
  const { overlay } = dashboard.state.snapshot();
  if (overlay?.kind !== 'prompt') return dashboard.say('nothing here takes pasted text; / or : first', 'bad');
  setTyped(dashboard, overlay, (overlay.text + pastedLine(text)).slice(0, TYPED_MAX));
}

/** Filters act as they are typed. */
function setTyped(dashboard: Dashboard, overlay: Overlay & { kind: 'prompt' }, text: string) {
  dashboard.state.set({ overlay: { ...overlay, text, historyAt: undefined } });
  if (overlay.purpose === 'filter') {
    dashboard.state.change(dashboard.state.top.place, { filter: text, selected: undefined, top: 0 });
  }
}

/** Characters of one line that is typed. */
const TYPED_MAX = 1_024;

function typed(dashboard: Dashboard, text: string, key: string, completes: boolean): string | undefined {
  if (key === 'backspace') return [...text].slice(0, -1).join('');
  if (key === 'ctrl-u') return '';
  if (key === 'ctrl-w') return text.replace(/\S+\s*$/, '');
  if (key === 'tab') return completes ? (candidatesFor(dashboard, text)[0] ?? text) : undefined;
  if (key === 'space') return `${text} `;
  // A name of a key is longer than a character.
  return [...key].length === 1 ? (text + key).slice(0, TYPED_MAX) : undefined;
}
