// The reading end of a BPF ring buffer (Documentation/bpf/ringbuf.rst). The kernel owns the producer's position and the
// data, we own the consumer's. Positions only grow; a record's place is its position modulo the size of the ring.
// The data is mapped once, not twice as libraries do, to spare resident memory: a record that wraps is put together.
import { type Mapping, mapShared, pageBytes } from './libc.ts';

/** Before each record: its length, with two flags in the upper bits, and a word of the kernel's own. */
const HEADER_BYTES = 8;
const BUSY = 1 << 31;
const DISCARDED = 1 << 30;
const LENGTH_MASK = 0x3fff_ffff;

export interface RingBuffer {
  /**
   * Hands each finished record to `take`, oldest first, at most `recordsMax`, and gives its space back. The bytes are
   * the kernel's own memory and valid only during the call.
   */
  drain(take: (record: Buffer) => void, recordsMax: number): number;
  /** Unmaps the ring; nothing is read after it. Safe twice. */
  close(): void;
}

/** Maps the ring behind `fd`, whose data area has `dataBytes`. In the file come our page, the kernel's, then the data. */
export function openRingBuffer(fd: number, dataBytes: number): RingBuffer {
  const page = pageBytes();
  const consumer = mapShared(fd, page, 0, 'write');
  let producer: Mapping;
  try {
    producer = mapShared(fd, page + dataBytes, page, 'read');
  } catch (error) {
    consumer.unmap();
    throw error;
  }
  const consumerPosition = new BigUint64Array(consumer.bytes, 0, 1);
  const producerPosition = new BigUint64Array(producer.bytes, 0, 1);
  const data = Buffer.from(producer.bytes, page, dataBytes);
  const words = new Int32Array(producer.bytes, page, dataBytes / 4);
  let open = true;

  return {
    drain(take, recordsMax) {
      if (!open) return 0;
      let position = Number(Atomics.load(consumerPosition, 0));
      const end = Number(Atomics.load(producerPosition, 0));
      let records = 0;
      try {
        while (position < end && records < recordsMax) {
          const at = position % dataBytes;
          const header = Atomics.load(words, at / 4);
          if (header & BUSY) break; // its writer is not done; those behind it wait
          const length = header & LENGTH_MASK;
          position += (HEADER_BYTES + length + 7) & ~7;
          if (header & DISCARDED) continue;
          records++;
          take(contiguous(data, (at + HEADER_BYTES) % dataBytes, length));
        }
      } finally {
        Atomics.store(consumerPosition, 0, BigInt(position));
      }
      return records;
    },
    close() {
      if (!open) return;
      open = false;
      producer.unmap();
      consumer.unmap();
    },
  };
}

function contiguous(data: Buffer, start: number, length: number): Buffer {
  if (start + length <= data.length) return data.subarray(start, start + length);
  const firstBytes = data.length - start;
  return Buffer.concat([data.subarray(start), data.subarray(0, length - firstBytes)]);
}
