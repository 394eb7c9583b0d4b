// A person's events taken out of a real collector, and what evidence says of it afterwards.
import { complianceService, type ErasureProgress } from '@threatguard/proto';
import type { EvidenceReport } from '@threatguard/proto/evidence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  collectorKeyOf,
  exportBundle,
  putTogether,
  signedAgain,
  takeApart,
  verifyBytesOf,
} from '../support/evidence.ts';
import { collectorOn, logon, streamed } from '../support/person.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { ENGINES, type EngineUnderTest } from '../support/stores.ts';

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`erasing a person on ${name}`, () => {
    let engine: EngineUnderTest;
    let collector: Awaited<ReturnType<typeof collectorOn>>;
    let agent: SealingAgent;
    let ca: string;

    beforeAll(async () => {
      engine = await start();
      collector = await collectorOn(engine);
      ca = (await collector.console.status()).caSha256!;
      agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
      const atUs = (Date.now() - 60_000) * 1000;
      await agent.send([logon('alice', atUs), logon('bob', atUs + 1), logon('carol', atUs + 2)]);
      await agent.send([logon('bob', atUs + 3), logon('bob', atUs + 4)]);
      await agent.send([{ ...logon('bob', atUs + 5), targetUser: { name: 'alice' } }]);
      await agent.send([
        logon('carol', atUs + 6),
        { ...logon('bob', atUs + 7), process: { pid: 5, args: ['su', 'carol'] } },
      ]);
    });
    afterAll(async () => {
      agent?.[Symbol.dispose]();
      await collector?.[Symbol.asyncDispose]();
      collector?.remove();
      await engine?.[Symbol.asyncDispose]();
    });

    const erase = async (request: object): Promise<ErasureProgress> =>
      (await streamed(collector, 'eraseSubject', request)).at(-1)!;
    const bundle = () => exportBundle(collector, { agent: 'web-1', fromUs: 1 });
    const verify = (bytes: Uint8Array): Promise<EvidenceReport> => verifyBytesOf(bytes, { caSha256: [ca] });
    const found = async (user: string) =>
      ((await collector.console.events({ filters: [{ field: 'user.name', value: user }] })).events ?? []).length;

    it('counts first, and changes nothing', async () => {
      const counted = await erase({ user: 'alice' });
      expect(counted).toMatchObject({ erasureId: '', payloads: 2, otherEvents: 2, events: 2, done: true });
      expect(await found('alice')).toBe(1);
      expect((await verify(await bundle())).agents).toMatchObject([{ envelopes: 4, erasures: [] }]);
    });

    it.each([
      ['nobody', {}],
      ['an agent that is not there', { user: 'alice', agent: 'nobody' }],
      ['no reason', { user: 'alice', apply: true }],
      ['a name beyond any', { user: 'a'.repeat(300) }],
    ])('is refused for %s', async (_, request) => {
      await expect(erase(request)).rejects.toThrow();
    });

    it('waits for a legal hold', async () => {
      const hold = await collector.console.call(complianceService.addHold, { agent: 'web-1', reason: 'case' });
      await expect(erase({ user: 'alice', apply: true, reason: 'asked' })).rejects.toThrow(/legal hold/);
      await collector.console.call(complianceService.removeHold, { id: hold.id });
      expect(await found('alice')).toBe(1);
    });

    it('takes out their rows and the payloads they are in, and leaves evidence that verifies and says so', async () => {
      const erased = await erase({ user: 'alice', apply: true, reason: 'asked' });
      expect(erased).toMatchObject({ payloads: 2, otherEvents: 2, events: 2, done: true });
      expect([await found('alice'), await found('bob'), await found('carol')]).toEqual([0, 4, 2]);
      const report = await verify(await bundle());
      expect(report.findings).toEqual([]);
      expect(report).toMatchObject({ proven: true, agents: [{ envelopes: 2, events: 4 }] });
      const erasures = report.agents[0]?.erasures;
      expect(erasures).toMatchObject([{ id: erased.erasureId, envelopes: 2, events: 4 }]);
      expect(JSON.stringify(await takeApart(await bundle()))).not.toContain('alice');
      expect(await erase({ user: 'alice' })).toMatchObject({ payloads: 0, events: 0 });
    });

    it('leaves a log that says when and why, and not whom', async () => {
      const { entries } = await collector.console.audit({ limit: 100 });
      const own = (entries ?? []).filter(({ action }) => action?.startsWith('subject.er'));
      expect(own.map(({ action }) => action)).toEqual(['subject.erased', 'subject.erasure_begun']);
      expect(JSON.stringify(own)).not.toContain('alice');
      expect(JSON.parse(own[1]!.after!)).toMatchObject({ reason: 'asked', userSha256: expect.any(String) });
      expect((await collector.console.verifyAudit()).problem).toBe('');
    });

    it('gives the others no other name than their own, and the person a name that leads nowhere', async () => {
      const renamed = await erase({ user: 'carol', pseudonymise: true, apply: true, reason: 'asked' });
      expect(renamed.pseudonym).toMatch(/^person-[0-9a-f]{12}$/);
      expect([await found('carol'), await found(renamed.pseudonym!)]).toEqual([0, 2]);
      const { events } = await collector.console.events({
        filters: [{ field: 'user.name', value: renamed.pseudonym! }],
      });
      expect(JSON.stringify(events)).not.toContain('carol');
      expect(events![0]!.event!.user!.id ?? undefined).toBeUndefined();
      expect(events![0]!.event!.original).toContain(renamed.pseudonym);
      const terms = await collector.console.events({
        filters: [{ field: 'process.command_line', value: `*${renamed.pseudonym}*` }],
      });
      expect(terms.events).toHaveLength(2);
      expect((await verify(await bundle())).findings).toEqual([]);
    });

    it('goes on being told from tampering', async () => {
      await agent.send([logon('dave', Date.now() * 1000)]);
      const records = await takeApart(await bundle());
      const whole = records.findIndex(({ envelope }) => envelope?.payload?.length);
      const gone = records.findIndex(({ envelope }) => envelope?.erased);
      const change = (at: number, envelope: object) =>
        records.map((record, index) => (index === at ? { envelope: { ...record.envelope, ...envelope } } : record));
      const key = collectorKeyOf(collector.home);
      const codes = async (bytes: Uint8Array) => {
        const report = await verify(bytes);
        expect(report.proven).toBe(false);
        return [...new Set(report.findings.map(({ code }) => code))];
      };
      const mark = records[gone]!.envelope!.erased!;
      const tampered = Buffer.from('another');
      // Somebody with the collector's key: the payload is other, empty, marked with what the audit log cannot know, or still there.
      expect(await codes(signedAgain(change(whole, { payload: tampered }), key))).toEqual(['payload_mismatch']);
      expect(await codes(signedAgain(change(whole, { payload: new Uint8Array() }), key))).toEqual(['payload_mismatch']);
      expect(await codes(signedAgain(change(gone, { erased: undefined }), key))).toEqual(['payload_mismatch']);
      expect(await codes(signedAgain(change(gone, { payload: tampered }), key))).toEqual(['erasure_unrecorded']);
      for (const forged of [{ auditSequence: 1_000_000 }, { auditSequence: 0 }, { erasureId: '' }, { atUs: 2 ** 52 }]) {
        const envelope = { payload: new Uint8Array(), erased: { ...mark, ...forged } };
        expect(await codes(signedAgain(change(whole, envelope), key))).toEqual(['erasure_unrecorded']);
      }
      // Without it: marked as the erased ones are.
      const stripped = putTogether(change(whole, { payload: new Uint8Array(), erased: mark }));
      expect(await codes(stripped)).toEqual(['manifest_mismatch']);
      const header = records[gone]!.envelope!.header!;
      const otherHeader = Buffer.from(header);
      otherHeader[40]! ^= 1;
      expect(await codes(signedAgain(change(gone, { header: otherHeader }), key))).toContain(
        'envelope_signature_invalid',
      );
    });

    it('exports what is kept of a person as lines that say what is not among them', async () => {
      const parts = await streamed(collector, 'exportSubject', { user: 'bob' });
      const lines = Buffer.concat(parts.map(({ data }) => data ?? new Uint8Array()))
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines[0]).toMatchObject({ type: 'subject', user: 'bob', not_included: expect.any(String) });
      expect(lines.filter(({ type }) => type === 'event')).toHaveLength(4);
      expect(lines.at(-1)).toEqual({ type: 'end', records: lines.length - 2 });
    });
  });
}
