import { randomUUID } from 'node:crypto';
import type { FieldFilter, HostEvent, StoredEvent } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeTermRows, wantedTerms } from '../../collector/src/store/batch-terms.ts';
import { matcher } from '../../collector/src/store/field-match.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import { explainedStoreRig } from '../support/store-rig.ts';
import { ENGINES, group, isTimescale, makeBatch, START_US } from '../support/stores.ts';

const HOUR_US = 3_600_000_000;
const ROWS = 50;

const exec = (atUs: number, pid: number, executable: string, args: string[]): HostEvent => ({
  observedAtUs: atUs,
  class: 2,
  user: { name: 'root' },
  process: { pid, executable, args: [executable, ...args] },
});
const connection = (atUs: number, pid: number, to: string, port: number): HostEvent => ({
  observedAtUs: atUs,
  class: 3,
  process: { pid, executable: '/usr/bin/curl' },
  network: { sourceAddress: `10.0.${pid % 250}.1`, destinationAddress: to, destinationPort: port },
  file: { path: `/srv/data/${pid}.db` },
});

/** Batches of some days, one of them of two hours at once; each with values of its own. */
function batches(agents: readonly string[]) {
  return Array.from({ length: 60 }, (_, number) => {
    const startUs = START_US + number * 0.7 * HOUR_US + (number > 40 ? DAY_US : 0);
    const stepUs = number === 30 ? HOUR_US / 20 : 1_000;
    const events = Array.from({ length: ROWS }, (_, index) => {
      const atUs = Math.trunc(startUs + index * stepUs);
      const pid = 1_000 + number * ROWS + index;
      return index % 2 === 0
        ? exec(atUs, pid, index === 8 ? `/tmp/.x/tool${number}` : '/usr/bin/ls', ['-la', `--run=${pid}`])
        : connection(atUs, pid, `192.0.${number}.${index}`, index === 9 ? 30_000 + number : 443);
    });
    return makeBatch({ agentId: agents[number % agents.length]!, events });
  });
}

const one = (field: string, value: string): FieldFilter[] => [{ field, value }];
const SEARCHES: [string, FieldFilter[]][] = [
  ['a process', one('process.pid', '2517')],
  ['a process that is nowhere', one('process.pid', '999999')],
  ['a program by its beginning', one('process.executable', '/tmp/*')],
  ['a program by its end', one('process.executable', '*/tool17')],
  ['a program by all of it', one('process.executable', '/tmp/.x/tool17')],
  ['a part of a command line', one('process.command_line', '*--run=25*4*')],
  ['an end of two characters', one('process.command_line', '*17')],
  ['a part too short to be looked for', one('process.command_line', '*17*')],
  ['a port', one('destination.port', '30017')],
  ['a port that many have', one('destination.port', '443')],
  ['an address', one('destination.ip', '192.0.17.9')],
  ['a network', one('destination.ip', '192.0.17.0/24')],
  ['a smaller network', one('destination.ip', '192.0.17.8/29')],
  ['a large network', one('destination.ip', '192.0.16.0/20')],
  ['a network larger than those named', one('destination.ip', '192.0.0.0/9')],
  ['a path', one('file.path', '*/2517.db')],
  ['two of them', [...one('destination.port', '30017'), ...one('process.executable', '*curl')]],
  [
    'one with another negated',
    [...one('process.executable', '*tool1*'), { field: 'process.pid', value: '1508', negated: true }],
  ],
  ['one with a field that has no column', [...one('process.pid', '2517'), ...one('network.transport', 'udp')]],
];

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`what batches contain, on ${name}`, () => {
    const agents = [randomUUID(), randomUUID(), randomUUID()];
    const stored = batches(agents);
    const rig = explainedStoreRig(start, {
      fill: async ({ store, database }) => {
        await store.commit(group({ batches: stored }));
        await database.script('analyze');
      },
      timeoutMs: 60_000,
    });
    const everything = stored.flatMap(({ events, agentId, header: { streamId, sequence } }) =>
      events.map((event, index): StoredEvent => ({ event, reference: { agentId, streamId, sequence, index } })),
    );
    const brute = (filters: FieldFilter[], span: { sinceUs?: number; untilUs?: number } = {}) => {
      const matches = filters.map(matcher);
      return everything
        .filter(
          ({ event }) =>
            event!.observedAtUs! >= (span.sinceUs ?? 0) && event!.observedAtUs! < (span.untilUs ?? Infinity),
        )
        .filter((each) => matches.every((match) => match(each)))
        .map(({ event }) => [event!.observedAtUs!, event!.process!.pid!])
        .sort((a, b) => b[0]! - a[0]!);
    };
    const found = (rows: readonly StoredEvent[]) =>
      rows.map(({ event }) => [event!.observedAtUs!, event!.process!.pid!]);

    test.each(SEARCHES)('finds what looking at every event finds, on one page and on many: %s', async (_, filters) => {
      const whole = await rig.store.searchEvents({ filters }, 5_000, '');
      expect(found(whole.rows)).toEqual(brute(filters));
      const paged: StoredEvent[] = [];
      for (let after = '', page = 0; page === 0 || after; page++) {
        const answer = await rig.store.searchEvents({ filters }, Math.ceil((whole.rows.length + 1) / 4), after);
        paged.push(...answer.rows);
        after = answer.next;
      }
      expect(found(paged)).toEqual(brute(filters));
      const span = { sinceUs: START_US + 11.3 * HOUR_US, untilUs: START_US + 21 * HOUR_US };
      const within = await rig.store.searchEvents({ filters, ...span }, 5_000, '');
      expect(found(within.rows)).toEqual(brute(filters, span));
    });

    test.each([
      ['a process', one('process.pid', '2517')],
      ['a program by its end', one('process.executable', '*/tool17')],
      ['part of a command line', one('process.command_line', '*--run=2516*')],
      ['a port', one('destination.port', '30017')],
      ['a network', one('destination.ip', '192.0.17.0/24')],
      ['what is nowhere', one('process.command_line', '*nowhere*')],
    ])('reads no events but of the batches that may have them: %s', async (_, filters) => {
      rig.database.forget();
      const { rows } = await rig.store.searchEvents({ filters }, 100, '');
      const reads = rig.database.reads.filter(({ sql }) => sql.includes('from json_to_recordset'));
      const others = rig.database.reads.filter(({ sql }) => /from events e/.test(sql) && !/min\(|lateral/.test(sql));
      expect(others).toEqual([]);
      // A batch that seems to have it and has not is possible, many are not.
      expect(reads.length).toBeLessThanOrEqual(2);
      // A columnstore looks into a thousand rows of an agent at once.
      const looked = isTimescale(name) ? 1_000 : 4 * ROWS;
      expect(reads.reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThanOrEqual(looked + rows.length);
    });

    test('events that an older collector stored, without terms, are found like any other', async () => {
      const old = stored[20]!;
      const key = [old.agentId, old.header.sequence] as const;
      await rig.database.script(`
        update envelopes set has_terms = false where agent_id = '${key[0]}' and stream_id = '\\x${Buffer.from(old.header.streamId).toString('hex')}';
        delete from batch_terms where agent_id = '${key[0]}' and first_event_at = '${new Date(old.events[0]!.observedAtUs! / 1000).toISOString()}'`);
      const filters = one('process.executable', '*/tool20');
      const { rows } = await rig.store.searchEvents({ filters }, 100, '');
      expect(found(rows)).toEqual(brute(filters));
      expect(rows).toHaveLength(1);
    });
  });
}

describe('the terms of a batch', () => {
  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  );
  const number = fc.oneof(fc.nat(70_000), fc.constantFrom(0x7fff_ffff, 0xffff_ffff, Number.MAX_SAFE_INTEGER));
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  const event = fc.record({
    observedAtUs: fc.integer({ min: START_US, max: START_US + 3 * HOUR_US }),
    process: fc.record({ pid: number, executable: text, args: fc.array(text, { maxLength: 4 }) }),
    network: fc.record({ sourceAddress: address, destinationPort: fc.nat(65_535) }),
    file: fc.record({ path: text }),
  });
  /** Something that the event has: a part of a text between wildcards, a number, an address or its network. */
  const askedOf = (each: HostEvent, [from, to, bits]: readonly [number, number, number]): FieldFilter[] => {
    const part = (value: string) => {
      const [start, end] = [Math.min(from, to), Math.max(from, to)].map((share) =>
        Math.floor(share * (value.length + 1)),
      );
      return `${start! > 0 ? '*' : ''}${value.slice(start, end)}${end! < value.length ? '*' : ''}`;
    };
    const { sourceAddress = '' } = each.network ?? {};
    const most = sourceAddress.includes(':') ? 128 : 32;
    return [
      { field: 'process.executable', value: part(each.process!.executable!) },
      { field: 'process.command_line', value: part(each.process!.args!.join(' ')) },
      { field: 'file.path', value: each.file!.path! },
      { field: 'process.pid', value: String(each.process!.pid) },
      { field: 'destination.port', value: String(each.network!.destinationPort) },
      { field: 'source.ip', value: sourceAddress },
      { field: 'source.ip', value: `${sourceAddress}/${Math.floor(bits * (most + 1))}` },
    ];
  };
  const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

  test('never miss what an event of it has, whatever hosts say', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 40 }), fc.tuple(share, share, share), (events, shares) => {
        const { termRows } = group({ batches: [makeBatch({ agentId: randomUUID(), events })] }).batches[0]!;
        const parts = readParts(Buffer.from(termRows));
        for (const each of events) {
          for (const filter of askedOf(each, shares)) {
            if (!matcher(filter)({ event: each })) continue;
            const inHour = parts.filter(
              ({ firstUs, lastUs }) => firstUs <= each.observedAtUs! && each.observedAtUs! <= lastUs,
            );
            const terms = wantedTerms([filter]);
            expect(
              inHour.some(({ bits }) => terms.every((term) => hasBit(bits, term))),
              JSON.stringify(filter),
            ).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('say of little that it is in it which is not', () => {
    const events = Array.from({ length: 200 }, (_, index) =>
      exec(START_US + index, index, '/usr/bin/ls', [`--run=${index}`]),
    );
    const { termRows } = group({ batches: [makeBatch({ agentId: randomUUID(), events })] }).batches[0]!;
    const parts = readParts(Buffer.from(termRows));
    const seems = (filter: FieldFilter) =>
      parts.some(({ bits }) => wantedTerms([filter]).every((term) => hasBit(bits, term)));
    const wrong = Array.from({ length: 10_000 }, (_, index) =>
      seems({ field: 'process.pid', value: String(1_000 + index) }),
    );
    expect(wrong.filter(Boolean).length).toBeLessThan(50);
    expect(termRows.length / events.length).toBeLessThan(16);
  });

  test('are few however much a host says', () => {
    const long = Array.from({ length: 20_000 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join('');
    const events = Array.from({ length: 20 }, (_, index) => exec(START_US + index, index, long, []));
    const { termRows } = group({ batches: [makeBatch({ agentId: randomUUID(), events })] }).batches[0]!;
    expect(termRows.length).toBeLessThan(20 * 1_200);
    expect(encodeTermRows(new Uint8Array())).toHaveLength(0);
  });
});

/** Rows of binary COPY into `batch_terms`. */
function readParts(rows: Buffer): { firstUs: number; lastUs: number; bits: Buffer }[] {
  const parts: { firstUs: number; lastUs: number; bits: Buffer }[] = [];
  for (let at = 0; at < rows.length; ) {
    expect(rows.readInt16BE(at)).toBe(5);
    at += 2;
    const fields = Array.from({ length: 5 }, () => {
      const length = rows.readInt32BE(at);
      const field = rows.subarray(at + 4, at + 4 + length);
      at += 4 + length;
      return field;
    });
    const timeUs = (field: Buffer) => Number(field.readBigInt64BE()) + 946_684_800_000_000;
    parts.push({ firstUs: timeUs(fields[0]!), lastUs: timeUs(fields[1]!), bits: fields[4]! });
  }
  return parts;
}

/** As the condition of a search asks for it. */
const hasBit = (bits: Buffer, term: number) => {
  const bit = term & (bits.length * 8 - 1);
  return (bits[bit >> 3]! & (1 << (bit & 7))) !== 0;
};
