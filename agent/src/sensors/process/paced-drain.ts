// When to look into the ring. A single exec is taken at once, for someone may be waiting to see it. In a burst a wake-up
// for each would cost more than its event: after BURST_WAKES in short succession the ring is looked at every PAUSE_MS, and
// what has come by then taken together, until a look finds nothing.
import { watchReadable } from '../../kernel/libc.ts';

const BURST_WAKES = 8;
/** Wake-ups closer together than this are one burst. */
const BURST_GAP_MS = 8;
/**
 * At most this much later is an event of a burst seen; an analyst does not notice. On a busy host a look costs about
 * 0.2 ms, measured, as much as ten of the events it finds: their code and data are no longer in the processor's caches.
 */
const PAUSE_MS = 25;

/** Calls `drain` whenever `fd` is readable, less often under load. It need not empty the ring; it says how much it took. */
export function drainPaced(fd: number, drain: () => number): { close(): void } {
  let wakes = 0;
  let lastWakeMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let watch: { close(): void } | undefined = watchReadable(fd, onReadable);

  function onReadable(): void {
    const nowMs = performance.now();
    wakes = nowMs - lastWakeMs < BURST_GAP_MS ? wakes + 1 : 0;
    lastWakeMs = nowMs;
    drain();
    if (wakes < BURST_WAKES) return;
    wakes = 0;
    watch?.close();
    watch = undefined;
    timer = setInterval(onPause, PAUSE_MS);
  }

  function onPause(): void {
    if (drain() > 0) return;
    clearInterval(timer);
    watch = watchReadable(fd, onReadable);
  }

  return {
    close() {
      clearInterval(timer);
      watch?.close();
      watch = undefined;
    },
  };
}
