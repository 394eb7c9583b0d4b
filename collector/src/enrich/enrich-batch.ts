import { FUTURE_EVENT_MS_MAX, type HostEvent, RefusalError } from '@threatguard/proto';
import type { EnrichedBatch, OpenedBatch } from '../batch.ts';

/** Offsets below this are left alone: an event then bears the time that its host's own logs say. */
const CLOCK_OFFSET_IGNORED_US = 2_000_000;

/**
 * Gives every event its time by the collector's clock. Throws RefusalError `time_out_of_range` where an event would lie
 * further in the future than FUTURE_EVENT_MS_MAX: windows over event time must not be moved by a host's wrong word.
 */
export function enrichBatch<
  Batch extends Pick<OpenedBatch, 'clockOffsetUs' | 'receivedAtUs'> & { events: readonly HostEvent[] },
>(batch: Batch): Batch & Pick<EnrichedBatch, 'eventTimesUs'> {
  const { events, clockOffsetUs, receivedAtUs } = batch;
  const correctionUs = Math.abs(clockOffsetUs) > CLOCK_OFFSET_IGNORED_US ? clockOffsetUs : 0;
  const latestUs = receivedAtUs + FUTURE_EVENT_MS_MAX * 1000;
  const eventTimesUs = new Float64Array(events.length);
  for (let index = 0; index < events.length; index++) {
    const atUs = (events[index]!.observedAtUs ?? 0) + correctionUs;
    // Written so that NaN is refused too.
    if (!(atUs <= latestUs)) {
      const aheadS = Math.round((atUs - receivedAtUs) / 1e6);
      throw new RefusalError('time_out_of_range', `event ${index} lies ${aheadS} s in the future`);
    }
    eventTimesUs[index] = atUs;
  }
  return { ...batch, eventTimesUs };
}
