// What keeps a dashboard current: the status every second, who is logged in, and alerts as they come. It speaks to
// the collector and to NATS, and draws nothing.
import { setTimeout as wait } from 'node:timers/promises';
import type { StatusReport } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import { ConsoleError } from '../model/console-error.ts';
import type { FeedOptions } from './alert-feed.ts';
import { untilReached } from './until-reached.ts';

const STATUS_MS = 1_000;
/** The collector holds every act against the role of now; this is for what is shown. */
const WHO_MS = 30_000;
/** Clocks of the servers differ. */
const OVERLAP_MS = 10_000;

/** Who is told. */
export interface Follower extends Pick<FeedOptions, 'onAlert' | 'onNote'> {
  onStatus(status: StatusReport): void;
  /** Why there is no status. */
  onTrouble(why: string): void;
  onWay: NonNullable<FeedOptions['onWay']>;
  /** What to call who is logged in, and what he may do. */
  onWho(who: { title: string; scopes: ReadonlySet<string> }): void;
}

/** Asks every second, until `signal`; a collector that is away is told, and asked again. */
export async function followStatus(
  client: Pick<CollectorClient, 'getStatus'>,
  follower: Pick<Follower, 'onStatus' | 'onTrouble'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      follower.onStatus(await client.getStatus());
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      follower.onTrouble(error.message);
    }
    await wait(STATUS_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** A role may be given and taken while one looks; until it is known nothing is allowed. */
export async function followWho(
  client: Pick<CollectorClient, 'whoAmI'>,
  { onWho }: Pick<Follower, 'onWho'>,
  signal: AbortSignal,
): Promise<void> {
  let known = false;
  onWho({ title: '', scopes: new Set() });
  while (!signal.aborted) {
    try {
      const { kind, name, role, scopes } = await client.whoAmI();
      // Without a login it is as it was before there were any.
      const nobody = scopes?.length ? '' : 'nobody logged in';
      const title = kind === 'certificate' ? nobody : `${name} (${role})`;
      onWho({ title, scopes: new Set(scopes ?? []) });
      known = true;
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      // What does not answer is said by the status.
      if (error.code === 'refused') onWho({ title: 'a login that is over', scopes: new Set() });
    }
    await wait(known ? WHO_MS : STATUS_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Alerts as they come, and those since `sinceUs` (else since a moment ago), until `signal`. The feed tries again by itself once
 * it began; where the collector is away at the start it begins when it is there. Throws where the collector cannot be trusted.
 */
export async function followFeed(
  { client, ca, sinceUs = (Date.now() - OVERLAP_MS) * 1000 }: { client: CollectorClient; ca: string; sinceUs?: number },
  follower: Pick<FeedOptions, 'onAlert' | 'onNote' | 'onWay'>,
  signal: AbortSignal,
): Promise<void> {
  const { followAlerts } = await import('./alert-feed.ts');
  const feed = () => followAlerts({ client, ca, sinceUs, filter: {}, signal, ...follower });
  await untilReached(feed, { signal, onNote: follower.onNote }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
