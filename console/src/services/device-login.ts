// A login somewhere else (RFC 8628): a page is opened on any device, a code entered there, and asked for here meanwhile.
import { setTimeout as wait } from 'node:timers/promises';
import type { DeviceLogin, LoginGrant } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import { ConsoleError, isUnreachable } from '../model/console-error.ts';

export interface DeviceLoginOptions {
  client: Pick<CollectorClient, 'beginDeviceLogin' | 'askDeviceLogin'>;
  /** Told once, what to show. */
  show: (device: DeviceLogin) => void;
  stopped: AbortSignal;
}

/** Resolves when somebody has entered the code. Throws ConsoleError `failure` where it was broken off. */
export async function logInByDevice({ client, show, stopped }: DeviceLoginOptions): Promise<LoginGrant> {
  const device = await client.beginDeviceLogin();
  // It came from the provider: nobody is sent to anything but a page.
  if (!/^https?:\/\//i.test(device.verificationUri ?? '')) {
    throw new ConsoleError(
      'failure',
      'the provider names no page to open; log in with a name and a password (--local)',
    );
  }
  show(device);
  let againSeconds = device.intervalSeconds ?? 0;
  const untilMs = Date.now() + (device.expiresInSeconds ?? 0) * 1000;
  while (!stopped.aborted && Date.now() < untilMs) {
    await wait(Math.max(againSeconds, 1) * 1000, undefined, { signal: stopped }).catch(() => undefined);
    if (stopped.aborted) break;
    try {
      const { grant, againInSeconds } = await client.askDeviceLogin(device.handle ?? '');
      if (grant) return grant;
      againSeconds = againInSeconds ?? againSeconds;
    } catch (error) {
      // A collector that starts again is asked again; the code is good until its time.
      if (!isUnreachable(error)) throw error;
      againSeconds = Math.min(againSeconds * 2, 60);
    }
  }
  throw new ConsoleError(
    'failure',
    stopped.aborted ? 'not logged in' : 'nobody entered the code in time; log in again',
  );
}
