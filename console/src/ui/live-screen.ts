import { Box, Text, useInput, usePaste, useWindowSize } from 'ink';
import { createElement, type ReactElement, useSyncExternalStore } from 'react';
import { printable, truncate } from '../model/printable.ts';
import { AlertDetail } from './alert-detail.ts';
import { AlertList } from './alert-list.ts';
import { HEADER_LINES, Header } from './header.ts';
import { keyNames } from './key-name.ts';
import type { LiveModel } from './live-model.ts';

const FOOTER_LINES = 2;
const PAGE = 10;

export interface LiveScreenProps {
  model: LiveModel;
  collector: string;
  utc: boolean;
  colour: boolean;
  nowMs(): number;
  onOpen(): void;
  onQuit(): void;
  /** For pictures in tests; the terminal's own size where absent. */
  size?: { columns: number; rows: number };
}

/** Header, alerts or one alert, and the keys. Fits 80x24 and any terminal above. */
export function LiveScreen(props: LiveScreenProps): ReactElement {
  const { model, utc, colour, collector } = props;
  const snapshot = useSyncExternalStore(model.subscribe, model.snapshot);
  const window = useWindowSize();
  const { columns, rows } = props.size ?? window;
  useKeys(props);

  const bodyRows = Math.max(1, rows - HEADER_LINES - FOOTER_LINES);
  const look = { columns, utc, colour };
  const body = snapshot.open
    ? createElement(AlertDetail, { open: snapshot.open, rows: bodyRows, columns, utc, nowMs: props.nowMs() })
    : createElement(AlertList, { alerts: snapshot.alerts, selected: model.selectedAlert(), rows: bodyRows, look });
  const keys = snapshot.open ? 'esc back  up/down scroll  q quit' : 'up/down select  enter open  q quit';
  const note = snapshot.notes.at(-1) ?? '';
  return createElement(
    Box,
    { flexDirection: 'column', width: columns, height: rows },
    createElement(Header, { snapshot, collector, columns }),
    body,
    createElement(Text, { wrap: 'truncate' }, truncate(printable(note), columns) || ' '),
    createElement(Text, { dimColor: true, wrap: 'truncate' }, truncate(keys, columns)),
  );
}

const STEPS: Readonly<Record<string, number>> = { up: -1, k: -1, down: 1, j: 1, pageup: -PAGE, pagedown: PAGE };

function useKeys(props: LiveScreenProps): void {
  useInput((input, key) => {
    for (const name of keyNames(input, key)) press(props, name);
  });
  // Pasted characters are not keys that somebody pressed.
  usePaste(() => undefined);
}

function press({ model, onOpen, onQuit }: LiveScreenProps, name: string) {
  if (name === 'q' || name === 'ctrl-c') return onQuit();
  const steps = STEPS[name];
  if (model.snapshot().open) {
    if (name === 'esc' || name === 'backspace') model.closeAlert();
    else if (steps !== undefined) model.scroll(steps);
  } else if (name === 'enter') onOpen();
  else if (steps !== undefined) model.select(steps);
}
