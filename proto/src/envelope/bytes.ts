import { RefusalError } from '../refusal.ts';

/** What `decode` returns; where it throws, a refusal that says what the bytes are not. */
export function decodeOrRefuse<T>(
  decode: () => T,
  code: 'frame_malformed' | 'header_malformed' | 'payload_malformed',
  what: string,
): T {
  try {
    return decode();
  } catch {
    throw new RefusalError(code, what);
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
