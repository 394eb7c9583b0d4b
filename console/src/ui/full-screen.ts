import type { Readable, Writable } from 'node:stream';
import { render } from 'ink';
import type { ReactNode } from 'react';
import { FRAMES_PER_SECOND_MAX } from './frame-rate.ts';

export interface Streams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** Draws on the whole terminal for as long as `live` takes, and gives it back as it was. Keys, Ctrl-C too, are the screen's. */
export async function onFullScreen(screen: ReactNode, streams: Streams, live: () => Promise<void>): Promise<void> {
  const ink = render(screen, {
    stdin: streams.stdin as NodeJS.ReadStream,
    stdout: streams.stdout as NodeJS.WriteStream,
    stderr: streams.stderr as NodeJS.WriteStream,
    alternateScreen: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    maxFps: FRAMES_PER_SECOND_MAX,
  });
  try {
    await live();
  } finally {
    ink.unmount();
    await ink.waitUntilExit();
  }
}
