import { expect, test } from 'vitest';
import { UnconfirmedWatch, type UnconfirmedWatchParts } from '../../collector/src/fleet/epochs/unconfirmed-watch.ts';
import type { RotationRecord } from '../../collector/src/store/epoch-store.ts';
import type { AgentRecord } from '../../collector/src/store/fleet-record.ts';

const MINUTE_US = 60_000_000;
const agent = (id: string) => ({ id, name: id }) as AgentRecord;
const rotation: RotationRecord = {
  epoch: 2,
  fromEpoch: 1,
  phase: 'announced',
  paused: false,
  compromised: false,
  canaryAgents: [],
  startedBy: 'admin',
  startedAtUs: 0,
  announcedAtUs: 0,
  endedAtUs: undefined,
};

test('an agent that is here, was told and does not confirm is reported once for a rotation; no other is', () => {
  let nowUs = 0;
  let running = rotation;
  const reported: string[] = [];
  const told = new Map([
    ['mute', 0],
    ['away', 0],
    ['draining', 0],
    ['late', 5 * MINUTE_US],
  ]);
  const waiting = [...told.keys(), 'untold'].map((id) => ({
    agent: agent(id),
    proved: undefined,
    for: id === 'draining' ? ('drain' as const) : ('confirmation' as const),
  }));
  const live = new Map(['mute', 'draining', 'late', 'untold'].map((id) => [id, { announce: () => undefined }]));
  const parts: UnconfirmedWatchParts = {
    ledger: {
      get rotation() {
        return running;
      },
    },
    proofs: { judge: () => ({ agents: 5, confirmed: 1, drained: 0, waiting }) },
    announcer: { live: () => live, toldSinceUs: (id) => told.get(id) },
    nowUs: () => nowUs,
    unconfirmed: ({ id }, { epoch, toldAtUs }) => reported.push(`${id} ${epoch} ${toldAtUs}`),
  };
  using watch = new UnconfirmedWatch(parts);
  const at = (minutes: number) => {
    nowUs = minutes * MINUTE_US;
    watch.check();
    return reported.splice(0);
  };
  expect(at(9)).toEqual([]);
  expect(at(11)).toEqual(['mute 2 0']);
  expect(at(12)).toEqual([]);
  expect(at(16)).toEqual([`late 2 ${5 * MINUTE_US}`]);
  running = { ...rotation, paused: true };
  expect(at(17)).toEqual([]);
  running = { ...rotation, endedAtUs: 1 };
  expect(at(30)).toEqual([]);
});
