// Consoles are certified without the collector knowing (threatguard-collector console-certificate); it knows them by their
// coming, so that a CA is not retired under them.
import type { X509Certificate } from 'node:crypto';
import { keyId } from '@threatguard/proto';
import type { Store } from '../store/store.ts';
import { VALID_DAYS } from './certificate-authority.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Written down once an hour for each certificate: every command of a console is a connection. */
const AGAIN_US = 3_600_000_000;

export interface SeenConsole {
  id: string;
  certificate: X509Certificate;
  caSha256: string;
}

export class ConsolesSeen {
  readonly #store: Store;
  readonly #nowUs: () => number;
  readonly #failed: (error: unknown) => void;
  /** By serial number of the certificate; bounded by the certificates that were ever issued to consoles. */
  readonly #seenAtUs = new Map<string, number>();

  constructor(parts: { store: Store; nowUs: () => number; failed: (error: unknown) => void }) {
    this.#store = parts.store;
    this.#nowUs = parts.nowUs;
    this.#failed = parts.failed;
  }

  came({ id, certificate }: SeenConsole): void {
    const nowUs = this.#nowUs();
    if (nowUs - (this.#seenAtUs.get(certificate.serialNumber) ?? -Infinity) < AGAIN_US) return;
    this.#seenAtUs.set(certificate.serialNumber, nowUs);
    const seen = {
      name: id,
      keyId: keyId(certificate.publicKey).toString('hex'),
      certificate: certificate.raw,
      expiresAtUs: certificate.validToDate.getTime() * 1000,
      lastSeenAtUs: nowUs,
    };
    // A console is served although nobody could write down that it came.
    this.#store.recordConsole(seen).catch(this.#failed);
  }
}

/** Why a console's certificate should be renewed now; undefined where it need not. */
export function consoleRenewal(
  console: SeenConsole,
  { newestCa, nowMs }: { newestCa: string; nowMs: number },
): string | undefined {
  if (console.caSha256 !== newestCa) return 'the CA was rotated';
  const leftMs = console.certificate.validToDate.getTime() - nowMs;
  return leftMs < (VALID_DAYS.console * DAY_MS) / 3 ? 'two thirds of its life are over' : undefined;
}
