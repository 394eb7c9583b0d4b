/** Why events that happened are not in the store. Closed list; each is counted by sensor. */
export const LOSS_REASONS = [
  'kernel_overrun', // ring buffer, netlink or inotify queue of the kernel overflowed
  'queue_shed', // a bounded queue of the agent was full
  'cpu_ceiling', // shed to keep the agent within its share of the host
  'agent_killed', // in the agent's memory, not sealed yet, when it was killed
  'rotation_skipped', // lines of a rotated log that were gone before they were read
  'line_oversized', // a log line beyond its limit, cut
  'spool_overflow', // oldest envelopes dropped from a full spool
  'spool_damaged', // records of the spool that failed their checksum
  'epoch_refused', // sealed for an epoch that is refused, by a version that kept no key to seal them anew
  'refused', // envelopes that the collector will never take
] as const;

export type LossReason = (typeof LOSS_REASONS)[number];
