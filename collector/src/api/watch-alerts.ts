import { type handleServerStreamingCall, Metadata, status } from '@grpc/grpc-js';
import { labelName, type SignedAlert, type WatchAlertsRequest } from '@threatguard/proto';
import type { AlertFeed } from '../publish/alert-feed.ts';
import { type LabelsOf, matchesAlert } from './alert-filter.ts';

const WATCHERS_MAX = 256;

/** Streams alerts as they are committed, signed as they are on NATS, until the console hangs up. */
export function watchAlerts(
  feed: AlertFeed,
  labelsOf: LabelsOf,
): handleServerStreamingCall<WatchAlertsRequest, SignedAlert> {
  return (call) => {
    if (feed.subscribers >= WATCHERS_MAX) {
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: `${WATCHERS_MAX} consoles watch already` });
      return;
    }
    const filter = call.request.filter ?? {};
    const foreign = (filter.labels ?? []).find(({ field }) => labelName(field ?? '') === undefined);
    if (foreign) {
      const details = `${JSON.stringify(foreign.field ?? '')} is no label such as labels.env`;
      call.emit('error', { code: status.INVALID_ARGUMENT, details });
      return;
    }
    const unsubscribe = feed.subscribe((item) => {
      if (item.kind === 'lagged') {
        unsubscribe();
        // The feed kept as much as it may; a console must know that what it shows is not all.
        const details = `too slow: ${item.missed} alerts were missed; watch again, threatguard alerts list has them`;
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details });
        return;
      }
      if (!matchesAlert(item.alert, filter, labelsOf) || call.cancelled) return;
      if (call.write(item.signed)) return;
      return new Promise<void>((resolve) => {
        call.once('drain', resolve);
        call.once('cancelled', resolve);
      });
    });
    call.on('cancelled', unsubscribe);
    // Headers at once, so that the console knows it is watching before the first alert.
    call.sendMetadata(new Metadata());
  };
}
