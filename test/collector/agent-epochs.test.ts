// What an agent proves, and what speaks against it: by the words of confirmations and heartbeats, in any order they may come.
import { setImmediate as turn } from 'node:timers/promises';
import { type ConfirmedEpoch, type Heartbeat, RefusalError } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { AgentEpochs } from '../../collector/src/fleet/epochs/agent-epochs.ts';
import type { AgentEpochRecord } from '../../collector/src/store/epoch-store.ts';

const AGENT = 'agent-1';
const keyOf = (epoch: number) => Uint8Array.of(epoch);
const BYTES = { body: Uint8Array.of(1), signature: Uint8Array.of(2) };

/** One that proved epoch 3 at second 30, holding nothing older. */
async function provedThree() {
  const contradicted: AgentEpochRecord[] = [];
  const saved: AgentEpochRecord[] = [];
  const agents = new AgentEpochs([], {
    store: { saveAgents: async (records) => void saved.push(...records) },
    publicKeySha256: (epoch) => (epoch <= 3 ? keyOf(epoch) : undefined),
    nowUs: () => 1_000_000,
    changed: () => undefined,
    contradicted: (record) => contradicted.push(record),
    failed: (error) => expect.unreachable(String(error)),
  });
  const confirm = (said: Partial<ConfirmedEpoch>) => {
    const epoch = said.epoch ?? 3;
    const whole = { epoch, confirmedAtUs: 30, oldestSpooledEpoch: 0, publicKeySha256: keyOf(epoch), ...said };
    agents.confirm(AGENT, whole as ConfirmedEpoch, BYTES);
  };
  const heard = (said: Heartbeat) => agents.heard(AGENT, said);
  const settled = async () => {
    await turn();
    await agents[Symbol.asyncDispose]();
    return agents.of(AGENT);
  };
  confirm({});
  return { confirm, heard, settled, contradicted, saved };
}

describe('a confirmation', () => {
  test('of the newest epoch is what is stored, with its bytes', async () => {
    const { settled, saved } = await provedThree();
    expect(await settled()).toMatchObject({ epoch: 3, confirmedAtUs: 30, oldestSpooledEpoch: 0, contradicted: false });
    expect(saved).toMatchObject([{ agentId: AGENT, epoch: 3, confirmation: BYTES }]);
  });

  test.each([
    ['an older epoch, made before: bytes said again prove nothing', { epoch: 2, confirmedAtUs: 20 }, false],
    ['an older epoch, made at the same time', { epoch: 2, confirmedAtUs: 30 }, false],
    ['an older epoch, made after: somebody with this key is behind', { epoch: 2, confirmedAtUs: 31 }, true],
    ['another key than was announced', { publicKeySha256: keyOf(9), confirmedAtUs: 31 }, false],
    ['an epoch that is not there', { epoch: 4, confirmedAtUs: 31 }, false],
  ])('of %s is refused', async (_what, said, speaksAgainst) => {
    const { confirm, settled, contradicted } = await provedThree();
    expect(() => confirm(said)).toThrow(RefusalError);
    expect(contradicted).toHaveLength(speaksAgainst ? 1 : 0);
    expect(await settled()).toMatchObject({ epoch: 3, confirmedAtUs: 30, contradicted: speaksAgainst });
  });

  test.each([
    ['newer words', 31, 3],
    ['older words', 29, 0],
    ['the same bytes', 30, 0],
  ])(
    'of the same epoch: %s say what the spool holds only where they are newer',
    async (_what, confirmedAtUs, holds) => {
      const { confirm, settled } = await provedThree();
      confirm({ confirmedAtUs, oldestSpooledEpoch: 3 });
      expect(await settled()).toMatchObject({ oldestSpooledEpoch: holds, contradicted: false });
    },
  );
});

describe('a heartbeat', () => {
  test.each([
    [
      'the epoch that was proved',
      { sealingEpoch: 3, oldestSpooledEpoch: 3 },
      { oldestSpooledEpoch: 3, contradicted: false },
    ],
    ['an older epoch than was proved', { sealingEpoch: 2, oldestSpooledEpoch: 2 }, { contradicted: true }],
    ['older envelopes than it said it had', { sealingEpoch: 3, oldestSpooledEpoch: 2 }, { contradicted: true }],
    ['nothing of epochs', {}, { oldestSpooledEpoch: 0, contradicted: false }],
  ])('says %s', async (_what, said, expected) => {
    const { heard, settled, contradicted } = await provedThree();
    heard(said);
    heard(said);
    expect(contradicted).toHaveLength(expected.contradicted ? 1 : 0);
    expect(await settled()).toMatchObject({ epoch: 3, ...expected });
  });
});
