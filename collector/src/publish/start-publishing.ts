// What leaves a collector, put together: alerts to NATS and to this collector's watchers, both signed, and to other systems.
import { hostname } from 'node:os';
import { CHANGES_SUBJECT } from '@threatguard/proto';
import type { Logger } from 'pino';
import packageFile from '../../package.json' with { type: 'json' };
import type { CollectorConfig } from '../config.ts';
import type { Duties } from '../duties.ts';
import type { CollectorIdentity } from '../fleet/collector-identity.ts';
import type { Store } from '../store/store.ts';
import { AlertFeed } from './alert-feed.ts';
import { AlertSigner } from './alert-signer.ts';
import { DiscardedOutbox } from './discarded-outbox.ts';
import type { FleetFeed } from './fleet-feed.ts';
import { Forwarding } from './forward/forwarding.ts';

export interface Publishing extends AsyncDisposable {
  /** To this collector's own watchers, as alerts are stored. */
  feed: AlertFeed;
  /** To those who hear of the alerts of all collectors of this store. */
  fleetFeed(): AlertFeed | FleetFeed;
  /** There is something in the outbox. */
  wake(): void;
  /** `heard` when another collector says that something was changed, and when it may have been missed. */
  onChanges(heard: () => void): void;
  /** Tells NATS, where there is one. */
  announce(subject: string, message: Uint8Array): void;
  /** Of publishing to NATS, in a few words. */
  state(): string;
  forwards(): ReturnType<Forwarding['states']>;
}

/** Resolves when forwarding knows how far each target is. */
export async function startPublishing(parts: {
  config: Pick<CollectorConfig, 'nats' | 'forward'>;
  store: Store;
  identity: CollectorIdentity;
  duties: Duties;
  nowMs: () => number;
  log: Logger;
  failed: (error: unknown) => void;
}): Promise<Publishing> {
  const { config, store, identity, duties, nowMs, log, failed } = parts;
  const { url } = config.nats;
  await using stack = new AsyncDisposableStack();
  const signer = new AlertSigner(identity);
  let heard = () => {};
  const hears = { subject: CHANGES_SUBJECT, heard: () => heard() };
  const nats = url === undefined ? undefined : { url, ...(await loadNats()) };
  const outbox = nats
    ? stack.use(nats.OutboxPublisher.start({ store, url: nats.url, signer, hears }))
    : new DiscardedOutbox({ store, failed });
  const forwarding = stack.use(
    await Forwarding.start({
      settings: config.forward,
      store: store.forwarding,
      duties,
      exporter: { version: packageFile.version, observer: hostname() },
      nowMs,
      changed: (target, problem) =>
        problem ? log.warn({ target, problem }, 'nothing is forwarded') : log.info({ target }, 'forwarding goes on'),
      failed,
    }),
  );
  const feed = new AlertFeed(signer);
  const whole = stack.move();
  return {
    feed,
    fleetFeed: () =>
      nats
        ? whole.use(nats.FleetFeed.start({ own: feed, store, url: nats.url, nowUs: () => nowMs() * 1000, failed }))
        : feed,
    wake() {
      outbox.wake();
      forwarding.wake();
    },
    onChanges(listener) {
      heard = listener;
    },
    announce(subject, message) {
      if ('announce' in outbox) outbox.announce(subject, message);
    },
    state: () => outbox.state(),
    forwards: () => forwarding.states(),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** What speaks to NATS; its libraries are loaded only where there is one. */
async function loadNats() {
  const [{ OutboxPublisher }, { FleetFeed }] = await Promise.all([
    import('./outbox-publisher.ts'),
    import('./fleet-feed.ts'),
  ]);
  return { OutboxPublisher, FleetFeed };
}
