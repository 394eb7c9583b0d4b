import { type Detection, Severity } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import * as health from '../../collector/src/detect/health.ts';

const AT_US = 1_790_000_000_000_000;
const agent = { agentId: 'a1', agentName: 'web-1', atUs: AT_US };

const CASES: [string, Detection, string, Severity][] = [
  [
    'an agent that fell silent',
    health.agentSilent({ ...agent, lastSeenAtUs: AT_US - 95e6, silenceUsMax: 60e6 }),
    'nothing came from web-1 for 95 s, though it should speak every 60 s',
    Severity.HIGH,
  ],
  [
    'a gap',
    health.chainGap({ ...agent, expectedSequence: 5, sequence: 8 }),
    '3 envelopes of web-1 never came: 5 was next, 8 arrived',
    Severity.HIGH,
  ],
  [
    'a broken chain',
    health.chainBroken({ ...agent, sequence: 8 }),
    'envelope 8 of web-1 does not continue the one stored before it: records were altered, or its key is used elsewhere',
    Severity.CRITICAL,
  ],
  [
    'a replay',
    health.sequenceReplayed({ ...agent, sequence: 8 }),
    'web-1 sent another envelope 8 than the one already stored: its key may be used elsewhere',
    Severity.CRITICAL,
  ],
  [
    'a new stream',
    health.streamRestarted({ ...agent, lastSequence: 90 }),
    'web-1 began a new stream after envelope 90: its spool was removed or lost',
    Severity.MEDIUM,
  ],
  [
    'a clock that is behind',
    health.clockOff({ ...agent, offsetUs: 3_600e6 }),
    "the clock of web-1 is 60 min behind the collector's",
    Severity.LOW,
  ],
  [
    'a clock that is ahead',
    health.clockOff({ ...agent, offsetUs: -7_200e6 }),
    "the clock of web-1 is 2 h ahead of the collector's",
    Severity.LOW,
  ],
  [
    'a loss',
    health.eventsLost({
      ...agent,
      sensor: 'spool',
      lossReason: 'spool_overflow',
      count: 1,
      firstAtUs: AT_US - 9,
      lastAtUs: AT_US - 3,
    }),
    '1 event of web-1 was lost in spool (spool overflow)',
    Severity.MEDIUM,
  ],
  [
    'a refused envelope',
    health.signatureRefused({ ...agent, code: 'signature_invalid', message: 'the signature is not its own' }),
    'an envelope on the stream of web-1 was refused (signature_invalid): the signature is not its own',
    Severity.HIGH,
  ],
];

describe('what the collector says of an agent', () => {
  it.each(CASES)('%s', (_, detection, reason, severity) => {
    expect(detection.reason).toBe(reason);
    expect(detection).toMatchObject({ severity, agentId: 'a1', entity: 'agent.id=a1' });
    expect(detection.values).toMatchObject({ 'agent.id': 'a1', 'agent.name': 'web-1' });
    expect(detection.techniques!.every((technique) => /^T\d{4}(\.\d{3})?$/.test(technique))).toBe(true);
    expect(detection.techniques).not.toEqual([]);
    expect(detection.firstAtUs!).toBeLessThanOrEqual(detection.lastAtUs!);
  });

  it('keeps the span of a loss and the beginning of a silence', () => {
    expect(CASES[7]![1]).toMatchObject({ firstAtUs: AT_US - 9, lastAtUs: AT_US - 3 });
    expect(CASES[0]![1]).toMatchObject({ firstAtUs: AT_US - 95e6, lastAtUs: AT_US });
  });

  it('has an id of its own for each kind', () => {
    expect(new Set(CASES.map(([, { ruleId }]) => ruleId)).size).toBe(8);
  });
});
