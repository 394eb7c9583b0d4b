import { status } from '@grpc/grpc-js';
import { consoleService } from '@threatguard/proto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeLabels, LabelError } from '../../collector/src/fleet/agent-labels.ts';
import { TestCollector } from '../support/collector.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await TestCollector.start();
});
afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
});

const label = (agent: string, set: Record<string, string>, remove: string[] = []) =>
  collector.console.call(consoleService.labelAgent, { agent, set, remove });
const remove = (agent: string, force = false) => collector.console.call(consoleService.removeAgent, { agent, force });
const named = async (name: string) => (await collector.console.agents()).find((agent) => agent.name === name);
const newestAudit = async () => (await collector.console.audit({ limit: 1 })).entries![0]!;

describe('labels', () => {
  it('are set, replaced and taken away, stand in the list, and are written down', async () => {
    const { agentId: id } = await collector.enrol('labelled');
    expect((await label('labelled', { env: 'test', role: 'web' })).labels).toEqual({ env: 'test', role: 'web' });
    expect((await label(id, { env: 'prod' }, ['role', 'never'])).labels).toEqual({ env: 'prod' });
    expect((await named('labelled'))!.labels).toEqual({ env: 'prod' });
    expect((await collector.console.agent('labelled')).agent!.labels).toEqual({ env: 'prod' });
    const entry = await newestAudit();
    expect(entry).toMatchObject({ action: 'agent.labelled', subject: id });
    expect(JSON.parse(entry.before!)).toEqual({ name: 'labelled', labels: { env: 'test', role: 'web' } });
    expect(JSON.parse(entry.after!)).toEqual({ name: 'labelled', labels: { env: 'prod' } });
  });

  it('that are changed at once are all kept', async () => {
    await collector.enrol('busy');
    await Promise.all(Array.from({ length: 10 }, (_, index) => label('busy', { [`l${index}`]: 'x' })));
    expect(Object.keys((await named('busy'))!.labels!)).toHaveLength(10);
  });

  it.each([
    [{ Env: 'x' }, 'is no name of a label'],
    [{ '': 'x' }, 'is no name of a label'],
    [{ 'a b': 'x' }, 'is no name of a label'],
    [{ ['x'.repeat(64)]: 'x' }, 'is no name of a label'],
    [{ env: 'x'.repeat(129) }, 'at most 128'],
    [{ env: '\u001b[2J' }, 'on a line'],
    [{ env: 'a\nb' }, 'on a line'],
    [{ env: '\u202eprod' }, 'on a line'],
    [Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`l${index}`, ''])), 'at most 32 labels'],
  ])('such as %j are refused, and change nothing', async (set, why) => {
    const agent = await collector.enrol('strict');
    await expect(label(agent.agentId, { fine: 'yes', ...set })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(why),
    });
    expect((await collector.console.agent(agent.agentId)).agent!.labels).toEqual({});
    await expect(label('nobody', { a: 'b' })).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it('are bounded whatever is asked', () => {
    const labels = fc.dictionary(fc.string(), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(labels, fc.array(fc.string()), (set, gone) => {
        try {
          const changed = changeLabels({ env: 'prod' }, { set, remove: gone });
          for (const [name, value] of Object.entries(changed)) {
            expect(name).toMatch(/^[a-z0-9._-]{1,63}$/);
            expect(value).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(LabelError);
        }
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});

describe('an agent that is removed', () => {
  it('is off the list and revoked; what it was and what it sent is still found', async () => {
    const { agentId: id } = await collector.enrol('gone');
    await label('gone', { env: 'old' });
    expect(await remove('gone')).toEqual({ agentId: id, name: 'gone', revoked: true });
    expect(await named('gone')).toBeUndefined();
    expect((await collector.console.agent('gone')).agent).toMatchObject({
      id,
      state: 'removed',
      labels: { env: 'old' },
    });
    expect(await newestAudit()).toMatchObject({ action: 'agent.removed', subject: id });
    await expect(remove('gone')).rejects.toMatchObject({ code: status.NOT_FOUND });
    const next = await collector.enrol('gone');
    expect(next.name).toBe('gone');
    expect((await collector.console.agent('gone')).agent!.id).toBe(next.agentId);
  });

  it('is refused while it is connected, and with force its stream ends', async () => {
    const identity = await collector.enrol('alive');
    using agent = await SealingAgent.connect({ address: collector.address, identity });
    await until(async () => (await named('alive'))?.state === 'connected', { limitMs: 10_000, what: 'it connected' });
    await expect(remove('alive')).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'alive is connected; --force revokes and removes it',
    });
    expect((await named('alive'))!.state).toBe('connected');
    expect((await remove('alive', true)).revoked).toBe(true);
    expect((await agent.untilEnded()).code).toBe(status.PERMISSION_DENIED);
    await expect(SealingAgent.connect({ address: collector.address, identity })).rejects.toThrow();
  });

  it('was revoked before, where it was', async () => {
    await collector.enrol('stolen');
    await collector.console.revoke('stolen');
    expect((await remove('stolen')).revoked).toBe(false);
  });
});
