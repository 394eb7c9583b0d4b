// Who stands between an old epoch and its end: a fleet of one, for each thing that may be known of an agent.
import { expect, test } from 'vitest';
import { judgeFleet } from '../../collector/src/fleet/epochs/judge-fleet.ts';
import type { AgentEpochRecord } from '../../collector/src/store/epoch-store.ts';
import type { AgentRecord } from '../../collector/src/store/fleet-record.ts';

const ANNOUNCED_AT_US = 100;

const OUTSIDE = { agents: 0, confirmed: 0, drained: 0, waiting: [] };
const waitsFor = (what: string) => [expect.objectContaining({ for: what })];

test.each<[string, Partial<AgentRecord>, Partial<AgentEpochRecord> | undefined, object]>([
  ['that is revoked does not count', { revokedAtUs: 50 }, undefined, OUTSIDE],
  ['that is revoked does not count, whatever it holds', { revokedAtUs: 50 }, { epoch: 1 }, OUTSIDE],
  ['that came with the new epoch and has not spoken yet does not count', { enrolledAtUs: 100 }, undefined, OUTSIDE],
  [
    'that came before and has not spoken yet has to confirm',
    { enrolledAtUs: 99 },
    undefined,
    { agents: 1, confirmed: 0, drained: 0, waiting: waitsFor('confirmation') },
  ],
  [
    'that came with the new epoch and proved an older one has to confirm',
    { enrolledAtUs: 100 },
    { epoch: 1 },
    { agents: 1, confirmed: 0, drained: 0, waiting: waitsFor('confirmation') },
  ],
  [
    'against whose proof something speaks holds the old key back',
    {},
    { epoch: 2, contradicted: true },
    { agents: 1, confirmed: 0, drained: 0, waiting: waitsFor('contradiction') },
  ],
  [
    'that holds older envelopes has to drain',
    {},
    { epoch: 2, oldestSpooledEpoch: 1 },
    { agents: 1, confirmed: 1, drained: 0, waiting: waitsFor('drain') },
  ],
  [
    'that holds none but of this epoch is through',
    {},
    { epoch: 2, oldestSpooledEpoch: 2 },
    { agents: 1, confirmed: 1, drained: 1, waiting: [] },
  ],
  ['that proved a newer epoch is through', {}, { epoch: 3 }, { agents: 1, confirmed: 1, drained: 1, waiting: [] }],
])('an agent %s', (_what, agent, proved, expected) => {
  const record = { id: 'a', enrolledAtUs: 0, revokedAtUs: undefined, ...agent } as AgentRecord;
  const known = proved && ({ agentId: 'a', oldestSpooledEpoch: 0, contradicted: false, ...proved } as AgentEpochRecord);
  const facts = { epoch: 2, announcedAtUs: ANNOUNCED_AT_US, agents: [record], proved: () => known };
  expect(judgeFleet(facts)).toEqual(expected);
});

test('as long as an epoch is not announced to all, nobody was born with it', () => {
  const agents = [{ id: 'a', enrolledAtUs: 1e15, revokedAtUs: undefined } as AgentRecord];
  const judgement = judgeFleet({ epoch: 2, announcedAtUs: undefined, agents, proved: () => undefined });
  expect(judgement).toMatchObject({ agents: 1, confirmed: 0 });
});
