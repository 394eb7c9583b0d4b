import { ECS_FIELDS, HostEvent } from '@threatguard/proto';
import { expect, it } from 'vitest';
import { EVENT_COLUMNS, FIELD_COLUMNS } from '../../collector/src/store/event-columns.ts';
import { toStorable } from '../../collector/src/store/event-rows.ts';
import { makeBatch } from '../support/stores.ts';

const AGENT = '00000000-0000-4000-8000-000000000001';

const EVENTS: HostEvent[] = [
  {},
  {
    observedAtUs: 1_790_000_000_000_001,
    class: 2,
    activity: 10,
    outcome: 1,
    sensor: 'process.ebpf',
    serviceName: 'nginx',
    user: { name: 'root', id: 0 },
    targetUser: { name: 'böse' },
    process: {
      pid: 7,
      name: 'sh',
      executable: '/bin/sh',
      args: ['sh', '-c', 'true'],
      parentPid: 1,
      parentName: 'init',
      parentExecutable: '/sbin/init',
    },
    network: { sourceAddress: '192.0.2.1', sourcePort: 9, destinationAddress: '2001:db8::1', destinationPort: 443 },
    file: { path: '/etc/passwd' },
  },
  { authentication: { sourceAddress: '198.51.100.7', sourcePort: 22 }, user: { name: 'x'.repeat(4000) } },
  {
    process: { pid: 0, args: [] },
    network: { sourceAddress: '', sourcePort: 0 },
    authentication: { sourceAddress: '::1', sourcePort: 5 },
  },
];

/** The fields of one row in binary COPY: a count, then each with its length, -1 for NULL. */
function readRow(rows: Buffer): { fields: (Buffer | undefined)[]; rest: Buffer } {
  const fields: (Buffer | undefined)[] = [];
  let at = 2;
  for (let left = rows.readInt16BE(0); left > 0; left--) {
    const length = rows.readInt32BE(at);
    at += 4;
    fields.push(length < 0 ? undefined : rows.subarray(at, at + length));
    at += Math.max(length, 0);
  }
  return { fields, rest: rows.subarray(at) };
}

/** What a column holds, as far as a row shows it without asking the database. */
function shown(kind: string, field: Buffer | undefined): unknown {
  if (!field || kind === 'address') return field !== undefined;
  return kind === 'number' ? Number(field.readBigInt64BE(0)) : field.toString();
}

it('rows hold in their columns what the table of ECS fields reads', () => {
  let rows: Buffer = Buffer.from(toStorable(makeBatch({ agentId: AGENT, events: EVENTS })).eventRows);
  for (const event of EVENTS) {
    const { fields, rest } = readRow(rows);
    rows = rest;
    expect(fields).toHaveLength(EVENT_COLUMNS.length);
    for (const [name, { column, kind }] of Object.entries(FIELD_COLUMNS)) {
      const value = ECS_FIELDS[name]!.read(event);
      const expected = value === undefined || kind === 'address' ? value !== undefined : value;
      expect(shown(kind, fields[EVENT_COLUMNS.indexOf(column)]), name).toEqual(expected);
    }
  }
  expect(rows).toHaveLength(0);
});

it('rows hold the bytes an event came in, where they are at hand', () => {
  // The same event as an encoder of ours would never write it: a field with its default value stands in it.
  const bytes = Buffer.concat([Buffer.from([0x18, 0]), HostEvent.encode(EVENTS[1]!).finish()]);
  const batch = makeBatch({ agentId: AGENT, events: [HostEvent.decode(bytes)] });
  const encoded = { bytes, spans: Uint32Array.of(0, bytes.length) };
  const event = (parts: object) => readRow(Buffer.from(toStorable({ ...batch, ...parts }).eventRows)).fields.at(-1);
  expect(event({ encoded })).toEqual(bytes);
  expect(event({})).toEqual(HostEvent.encode(EVENTS[1]!).finish());
});
