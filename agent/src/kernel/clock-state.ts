import koffi from 'koffi';

const TIMEX_BYTES = 256; // struct timex has 208 on 64-bit machines
const TIME_ERROR = 5;

const cAdjtimex = koffi.load(null).func('int adjtimex(void *timex)');

/** Whether something keeps this host's clock right, as the kernel knows it (adjtimex(2), asked and not set). */
export function isClockSynchronised(): boolean {
  const state = cAdjtimex(new Uint8Array(TIMEX_BYTES)) as number;
  return state >= 0 && state !== TIME_ERROR;
}
