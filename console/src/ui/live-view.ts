import { createElement } from 'react';
import type { CollectorClient } from '../client/collector-client.ts';
import { ConsoleError } from '../model/console-error.ts';
import { tellBlindSpots } from '../services/blind-spots.ts';
import { followFeed, followStatus } from '../services/follow-collector.ts';
import { untilReached } from '../services/until-reached.ts';
import { onFullScreen, type Streams } from './full-screen.ts';
import { ALERTS_SHOWN_MAX, LiveModel } from './live-model.ts';
import { LiveScreen } from './live-screen.ts';

export interface LiveViewOptions {
  client: CollectorClient;
  ca: string;
  collector: string;
  utc: boolean;
  colour: boolean;
  streams: Streams;
  /** Aborted by q or Ctrl-C, which arrive as keys here. */
  stop: AbortController;
  stopped: AbortSignal;
  /** Gives the view the notes that would go to stderr while it has the screen. */
  takeNotes(tell: (note: string) => void): void;
}

/** Shows alerts until the user quits or the process is asked to stop. */
export async function showLiveView(options: LiveViewOptions): Promise<void> {
  const { client, stop } = options;
  const signal = AbortSignal.any([options.stopped, stop.signal]);
  const model = new LiveModel();
  options.takeNotes((note) => model.addNote(note));
  const screen = createElement(LiveScreen, {
    model,
    collector: options.collector,
    utc: options.utc,
    colour: options.colour,
    nowMs: Date.now,
    onOpen: () => void openSelected(model, client),
    onQuit: () => stop.abort(),
  });
  await onFullScreen(screen, options.streams, async () => {
    const follower = {
      onNote: model.addNote.bind(model),
      onWay: model.setWay.bind(model),
      onAlert: model.addAlert.bind(model),
      onStatus: model.setStatus.bind(model),
      onTrouble: model.setTrouble.bind(model),
    };
    void tellBlindSpots({ client, signal, ...follower });
    const raised = untilReached(() => client.listAlerts({}, ALERTS_SHOWN_MAX), { signal });
    await Promise.all([
      followStatus(client, follower, signal),
      followFeed({ client, ca: options.ca }, follower, signal),
      raised.then((alerts) => {
        for (const alert of alerts) model.addAlert(alert);
      }),
    ]);
  });
}

async function openSelected(model: LiveModel, client: CollectorClient): Promise<void> {
  const alert = model.selectedAlert();
  if (!alert?.id) return;
  model.openAlert(alert);
  try {
    model.setDetail(alert.id, { detail: await client.getAlert(alert.id) });
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    model.setDetail(alert.id, { trouble: error.message });
  }
}
