import { expect, it } from 'vitest';
import { statusPairs, statusRecord } from '../../console/src/model/status.ts';

const MIB = 1024 * 1024;
const STATUS = {
  space: [
    { kind: 'events', bytes: 1536 * MIB, keptDays: 90 },
    { kind: 'evidence', bytes: 12.34 * MIB, keptDays: 365 },
    { kind: 'other', bytes: 512 },
  ],
  bytesPerEvent: 612.4,
};

it('status says what each kind takes and how long it is kept', () => {
  const text = statusPairs(STATUS, 'c:7443', 0).join('\n');
  expect(text).toMatch(/space +events 1.5 GiB, evidence 12.3 MiB, other 512 B; 612 B an event/);
  expect(text).toMatch(/kept +events 90 d, evidence 365 d/);
});

it('status has the same for programs', () => {
  expect(statusRecord(STATUS, 'c:7443')).toMatchObject({
    'store.bytes': { events: 1536 * MIB, evidence: 12.34 * MIB, other: 512 },
    'store.kept_days': { events: 90, evidence: 365 },
    'store.bytes_per_event': 612,
  });
});

it('status says nothing of space where the collector does not know', () => {
  expect(statusPairs({}, 'c:7443', 0).join('\n')).not.toContain('space');
  expect(statusRecord({}, 'c:7443')).toMatchObject({ 'store.bytes': {}, 'store.kept_days': {} });
});
