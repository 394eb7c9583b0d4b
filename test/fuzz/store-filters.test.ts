import { randomUUID } from 'node:crypto';
import { ECS_FIELDS, type FieldFilter, type HostEvent, type StoredEvent } from '@threatguard/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAddress } from '../../collector/src/store/address.ts';
import { searchEvents } from '../../collector/src/store/event-search.ts';
import { matcher } from '../../collector/src/store/field-match.ts';
import { storeRig } from '../support/store-rig.ts';
import { group, makeBatch, START_US, startPglite } from '../support/stores.ts';

// What a filter means is said twice, in SQL and in JavaScript: here each answers for the other, and a plain reading of
// the wildcard (a regular expression) for both.

const texts = [
  'root',
  'Root',
  'r%t',
  'r_t',
  'r\\t',
  'ro*t',
  '',
  ' ',
  "o'neil",
  'ä\u{1f600}',
  'a\nb',
  '\\',
  '%',
  'root\0x',
];
const text = fc.constantFrom(...texts);
const address = fc.constantFrom('10.1.2.3', '10.1.2.4', '192.0.2.1', '2001:db8::1', '::1', '10.1.2.3/8', 'localhost');
const port = fc.constantFrom(0, 22, 443, 2222, 65_535);
const code = (max: number) => fc.integer({ min: 0, max });

const event: fc.Arbitrary<HostEvent> = fc.record({
  observedAtUs: fc.integer({ min: START_US, max: START_US + 50 }),
  class: code(6),
  activity: fc.constantFrom(0, 1, 10, 20, 40),
  outcome: code(2),
  sensor: text,
  user: fc.record({ name: text, id: fc.constantFrom(0, 33, 1000, 4_294_967_295) }),
  process: fc.record({ executable: text, args: fc.array(text, { maxLength: 3 }), loginUid: fc.constantFrom(0, 1000) }),
  network: fc.record({ sourceAddress: address, sourcePort: port, destinationAddress: address, destinationPort: port }),
  authentication: fc.record({ method: text, invalidUser: fc.boolean() }),
});

const fields = [
  'event.category',
  'event.action',
  'event.outcome',
  'event.module',
  'user.name',
  'user.id',
  'process.executable',
  'process.command_line',
  'process.args',
  'source.ip',
  'source.port',
  'destination.ip',
  'destination.port',
  'threatguard.authentication.method',
  'threatguard.authentication.invalid_user',
  'threatguard.process.login_uid',
];
const wanted = fc.oneof(
  text,
  address,
  fc.constantFrom(
    '22',
    '022',
    '22.0',
    '2*',
    '*2',
    '0',
    '-1',
    '4294967295',
    '10.0.0.0/8',
    '::/0',
    '0.0.0.0/0',
    '10.1.*',
  ),
  fc.constantFrom(
    'auth*',
    'process',
    'success',
    '*',
    '**',
    'logon',
    'true',
    'r*t',
    '*o*',
    'r%*',
    '*\\*',
    'ro*t*',
    '2001:*',
  ),
);
const filter: fc.Arbitrary<FieldFilter> = fc.record({
  field: fc.constantFrom(...fields),
  value: wanted,
  negated: fc.boolean(),
});

/** What is no address is stored with the event, but not searched as one. */
function searchable(each: HostEvent): HostEvent {
  const address = (text: string | undefined) => (text && parseAddress(text) ? text : '');
  const { sourceAddress, destinationAddress } = each.network ?? {};
  const addresses = { sourceAddress: address(sourceAddress), destinationAddress: address(destinationAddress) };
  return { ...each, network: { ...each.network, ...addresses } };
}

const rig = storeRig(startPglite);

test('a search finds what a plain filter over the same events finds, on pages of any size', async () => {
  const run = async (events: HostEvent[], searches: FieldFilter[][], pageSize: number, windowRows: number) => {
    const agentId = randomUUID();
    await rig.store.commit(group({ batches: [makeBatch({ agentId, events })] }));
    for (const filters of searches) {
      const mine = { field: 'agent.id', value: agentId };
      const found: number[] = [];
      for (let after = '', page = 0; page === 0 || after; page++) {
        const search = { query: { filters: [mine, ...filters] }, limit: pageSize, after, windowRows };
        const answer = await searchEvents(rig.database, search);
        found.push(...answer.rows.map(({ reference }) => reference!.index!));
        after = answer.next;
      }
      const matches = filters.map(matcher);
      const expected = events
        .map((each, index): StoredEvent => ({ event: searchable(each), reference: { index } }))
        .filter((stored) => matches.every((match) => match(stored)))
        .sort((a, b) => b.event!.observedAtUs! - a.event!.observedAtUs! || b.reference!.index! - a.reference!.index!);
      expect(found, JSON.stringify(filters)).toEqual(expected.map(({ reference }) => reference!.index));
    }
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 30 }),
      fc.array(fc.array(filter, { maxLength: 3 }), { minLength: 5, maxLength: 12 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(0, 50, 400, 20_000),
      run,
    ),
    { numRuns: 60 },
  );
});

test('a wildcard matches as its regular expression does, in time that does not explode', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.', '\\', '%'), maxLength: 12 });
  const nameOf = (pattern: string) => matcher({ field: 'user.name', value: pattern });
  fc.assert(
    fc.property(letters, letters, (pattern, value) => {
      fc.pre(value !== '');
      const parts = pattern.split('*').map((part) => part.replace(/[\\.%]/g, '\\$&'));
      const expected = new RegExp(`^${parts.join('.*')}$`, 's').test(value);
      expect(nameOf(pattern)({ event: { user: { name: value } } })).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
  expect(nameOf('*a'.repeat(200))({ event: { user: { name: `${'a'.repeat(4_000)}b` } } })).toBe(false);
});

test('any text as field or value is answered or refused, never an error of the database', async () => {
  const anything = fc.string({ unit: 'binary', maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.constantFrom(...Object.keys(ECS_FIELDS)), anything),
      anything,
      async (field, value) => {
        const answer = rig.store.searchEvents({ filters: [{ field, value }] }, 5, '').then(
          () => 'answered',
          (error) => (Object.hasOwn(ECS_FIELDS, field) ? error : `${error.code}: ${error.message}`),
        );
        expect(await answer).toMatch(/^answered$|^rejected: there is no field /);
      },
    ),
    { numRuns: 200 },
  );
});

test('any text as cursor is answered or refused', async () => {
  const cursor = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constant(`${START_US}.${randomUUID()}.00ff.1.1`),
    fc.constant(`999999999999999999.${randomUUID()}.00ff.9999999999999999.999999999`),
  );
  await fc.assert(
    fc.asyncProperty(cursor, async (after) => {
      fc.pre(after !== '');
      const search = rig.store.searchEvents({ filters: [] }, 5, after).then(() => 'answered', String);
      const list = rig.store.alerts({}, 5, after).then(() => 'answered', String);
      expect(await search).toMatch(/^answered$|not a cursor/);
      expect(await list).toMatch(/^answered$|not a cursor/);
    }),
    { numRuns: 100 },
  );
});
