// What a process can tell the kernel and its C library about memory it does not need.
import { libc } from './libc.ts';

const cMadvise = libc.func('int madvise(uintptr_t address, size_t length, int advice)');
const cMallocTrim = findMallocTrim();
const MADV_DONTNEED = 4;

/** madvise(2): drops resident pages. Only for parts of a file that nobody changed: they are read again when used. */
export function dropPages(start: bigint, bytes: number): void {
  cMadvise(start, bytes, MADV_DONTNEED);
}

/** malloc_trim(3): gives free memory of the C heap back. Does nothing where the C library has no such call (musl). */
export function trimHeap(): void {
  cMallocTrim?.(0);
}

function findMallocTrim() {
  try {
    return libc.func('int malloc_trim(size_t padding)');
  } catch {
    return undefined; // not glibc
  }
}
