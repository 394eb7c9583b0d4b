// The proc connector's messages (linux/cn_proc.h): struct cn_msg { idx u32, val u32, seq u32, ack u32, len u16,
// flags u16 } and in it struct proc_event { what u32, cpu u32, timestamp_ns u64, data }.
import { parseNetlinkMessages } from '../../kernel/netlink.ts';

export const CN_IDX_PROC = 1;
const CN_VAL_PROC = 1;
const CN_BYTES = 20;
const EVENT_HEADER_BYTES = 16;
const PROC_EVENT_EXEC = 2;
const PROC_CN_MCAST_LISTEN = 1;
const PROC_CN_MCAST_IGNORE = 2;

/** The ids of the processes that one datagram says have called exec. */
export function parseExecPids(datagram: Uint8Array): number[] {
  const pids: number[] = [];
  for (const { payload } of parseNetlinkMessages(datagram)) {
    if (payload.length < CN_BYTES + EVENT_HEADER_BYTES + 8) continue;
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    if (view.getUint32(0, true) !== CN_IDX_PROC || view.getUint32(4, true) !== CN_VAL_PROC) continue;
    if (view.getUint32(CN_BYTES, true) !== PROC_EVENT_EXEC) continue;
    // exec_proc_event: the thread's id, then the process's.
    pids.push(view.getUint32(CN_BYTES + EVENT_HEADER_BYTES + 4, true));
  }
  return pids;
}

/** Asks for the events, or for no more of them. */
export function encodeListen(listen: boolean): Uint8Array {
  const message = new Uint8Array(CN_BYTES + 4);
  const view = new DataView(message.buffer);
  view.setUint32(0, CN_IDX_PROC, true);
  view.setUint32(4, CN_VAL_PROC, true);
  view.setUint16(16, 4, true);
  view.setUint32(CN_BYTES, listen ? PROC_CN_MCAST_LISTEN : PROC_CN_MCAST_IGNORE, true);
  return message;
}
