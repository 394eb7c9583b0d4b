// Logins of consoles: device flow (RFC 8628). The collector is the client of the provider, not the console: the ID token comes
// over TLS from the provider to whom it is meant for, so nobody can bring one that was made for somebody else, the secret of
// the client stays here, and a console needs no way to the provider. The console shows a code and asks us.
//
// Form: #pending by handle, the oldest first. Invariant: at most PENDING_MAX, OF_CONSOLE_MAX of one console.
import { randomBytes } from 'node:crypto';
import { AccessError } from '../access-error.ts';
import type { OidcProvider } from './provider.ts';
import type { Vouched } from './vouched.ts';

const PENDING_MAX = 256;
const OF_CONSOLE_MAX = 8;
/** RFC 8628 3.5: added by each "slow_down". */
const SLOWER_MS = 5_000;
const INTERVAL_MS_MAX = 60_000;
/** What a provider may say: half an hour to type eight letters. */
const LIFE_MS_MAX = 30 * 60_000;
/** A timer that fires early is no haste. */
const EARLY_MS = 250;

interface Pending {
  deviceCode: string;
  /** Of the certificate that began it. */
  consoleId: string;
  intervalMs: number;
  askedAtMs: number;
  untilMs: number;
  busy: boolean;
}

export interface DeviceLogin {
  handle: string;
  userCode: string;
  verificationUri: string;
  verificationUriComplete: string;
  expiresInSeconds: number;
  intervalSeconds: number;
}

export class DeviceLogins {
  readonly #provider: OidcProvider;
  readonly #nowMs: () => number;
  readonly #pending = new Map<string, Pending>();

  constructor(parts: { provider: OidcProvider; nowMs: () => number }) {
    this.#provider = parts.provider;
    this.#nowMs = parts.nowMs;
  }

  async begin(consoleId: string): Promise<DeviceLogin> {
    const { deviceCode, ...shown } = await this.#provider.beginDevice();
    const nowMs = this.#nowMs();
    const lifeMs = Math.min(shown.expiresInSeconds * 1000, LIFE_MS_MAX);
    const intervalMs = Math.min(Math.max(shown.intervalSeconds, 1) * 1000, INTERVAL_MS_MAX);
    const handle = randomBytes(32).toString('base64url');
    const times = { intervalMs, askedAtMs: nowMs, untilMs: nowMs + lifeMs };
    this.#add(handle, { deviceCode, consoleId, ...times, busy: false });
    return { ...shown, handle, intervalSeconds: intervalMs / 1000, expiresInSeconds: Math.floor(lifeMs / 1000) };
  }

  /** Who it was, or after how many seconds to ask again. Throws AccessError `not_vouched`. */
  async ask(handle: string, consoleId: string): Promise<Vouched | { againInSeconds: number }> {
    const pending = this.#pending.get(handle);
    const nowMs = this.#nowMs();
    if (!pending || pending.consoleId !== consoleId || nowMs >= pending.untilMs) {
      if (pending?.consoleId === consoleId) this.#pending.delete(handle);
      throw new AccessError('not_vouched', 'nobody entered the code in time; log in again');
    }
    // The provider would say so; who asks too often does not reach it.
    if (pending.busy || nowMs - pending.askedAtMs < pending.intervalMs - EARLY_MS) return slower(pending, SLOWER_MS);
    pending.askedAtMs = nowMs;
    pending.busy = true;
    try {
      const answer = await this.#provider.askDevice(pending.deviceCode);
      if (answer === 'slow_down') return slower(pending, SLOWER_MS);
      if (answer === 'authorization_pending') return again(pending);
      this.#pending.delete(handle);
      return answer;
    } catch (error) {
      // RFC 8628 3.5: what cannot be reached is asked less and less often.
      if (error instanceof AccessError && error.code === 'provider_unavailable')
        return slower(pending, pending.intervalMs);
      this.#pending.delete(handle);
      throw error;
    } finally {
      pending.busy = false;
    }
  }

  #add(handle: string, pending: Pending): void {
    const own = [...this.#pending].filter(([, { consoleId }]) => consoleId === pending.consoleId);
    if (own.length >= OF_CONSOLE_MAX) this.#pending.delete(own[0]![0]);
    this.#pending.set(handle, pending);
    if (this.#pending.size > PENDING_MAX) this.#pending.delete(this.#pending.keys().next().value!);
  }
}

function again({ intervalMs }: Pending): { againInSeconds: number } {
  return { againInSeconds: Math.ceil(intervalMs / 1000) };
}

function slower(pending: Pending, byMs: number): { againInSeconds: number } {
  pending.intervalMs = Math.min(pending.intervalMs + byMs, INTERVAL_MS_MAX);
  return again(pending);
}
