import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCollectorConfig } from '../../collector/src/config.ts';
import type { SyslogSettings } from '../../collector/src/publish/forward/settings.ts';
import { octetFrame, parameterValue, syslogMessage } from '../../collector/src/publish/forward/syslog-message.ts';
import { SyslogTarget } from '../../collector/src/publish/forward/syslog-target.ts';
import type { ForwardRecord } from '../../collector/src/publish/forward/target.ts';
import { type Manner, SyslogReceiver, unframe } from '../support/forward-receivers.ts';
import { makeCertificates, type TestCertificates } from '../support/test-certificates.ts';
import { until } from '../support/until.ts';

const record = (change: Partial<ForwardRecord> = {}): ForwardRecord => ({
  key: '01kb:1',
  kind: 'alert',
  severity: 4,
  atUs: Date.UTC(2026, 10, 21, 10, 0, 0) * 1000 + 123_456,
  text: '{"a":1}',
  ...change,
});

function settings(text: string): SyslogSettings {
  const { forward } = readCollectorConfig({
    file: 'test',
    text: `forward:\n  - {name: siem, kind: syslog, ${text}}\n`,
    environment: {},
  });
  return forward[0] as SyslogSettings;
}

const never = new AbortController().signal;

describe('a syslog message', () => {
  const look = { facility: 'local0', enterprise: 32_473, format: 'ecs' as const, hostname: 'collector-1' };

  it('is what RFC 5424 says, with the key of the record as structured data', () => {
    expect(syslogMessage(record(), look)).toBe(
      '<131>1 2026-11-21T10:00:00.123456Z collector-1 threatguard - alert [threatguard@32473 key="01kb:1" format="ecs"] {"a":1}',
    );
  });

  it.each([
    // facility * 8 + severity: critical is 2, high 3, medium 4, low 5, informational 6
    ['local0', 5, 130],
    ['local0', 1, 134],
    ['auth', 3, 36],
    ['local7', 2, 189],
    ['kern', 99, 6],
  ])('has the priority of %s and severity %i: %i', (facility, severity, priority) => {
    expect(syslogMessage(record({ severity }), { ...look, facility })).toMatch(new RegExp(`^<${priority}>1 `));
  });

  it('has nothing in its head that is not printable ASCII, and stays one line', () => {
    const message = syslogMessage(record({ atUs: 0, text: 'a\r\nb' }), { ...look, hostname: 'höst name\u001b' });
    expect(message).toBe('<131>1 - h_st_name_ threatguard - alert [threatguard@32473 key="01kb:1" format="ecs"] a b');
  });

  it('escapes a quote, a backslash and a bracket in structured data, and nothing else', () => {
    expect(parameterValue('a"b\\c]d[e=f\u0000g')).toBe('a\\"b\\\\c\\]d[e=f g');
  });

  it('is framed by its octets, not its characters', () => {
    expect(octetFrame('é').toString()).toBe('2 é');
    expect(unframe(Buffer.concat([octetFrame('é'), octetFrame('x y')]))).toMatchObject({ messages: ['é', 'x y'] });
  });
});

describe('delivery over TCP', () => {
  it('has arrived when it resolves, in order', async () => {
    await using receiver = await SyslogReceiver.start();
    const target = new SyslogTarget({ settings: settings(`address: "127.0.0.1:${receiver.port}"`), hostname: 'c' });
    const records = Array.from({ length: 300 }, (_, index) => record({ key: `k${index}`, text: 'ä'.repeat(index) }));
    await expect(target.deliver(records, never)).resolves.toEqual({ refused: 0 });
    expect(receiver.keys).toEqual(records.map(({ key }) => key));
  });

  it.each<[Manner, RegExp]>([
    ['keeps_open', /did not close after us/],
    ['closes_at_once', /closed the connection before|ECONNRESET|EPIPE|broke/],
    ['reads_never', /did not close after us|silent/],
  ])('is not confirmed by a receiver that %s', async (manner, message) => {
    await using receiver = await SyslogReceiver.start();
    receiver.manner = manner;
    const target = new SyslogTarget({
      settings: settings(`address: "127.0.0.1:${receiver.port}"`),
      hostname: 'c',
      silentMsMax: 400,
    });
    await expect(target.deliver([record()], never)).rejects.toThrow(message);
  });

  it('is not confirmed by a receiver that dies with all of it in its buffers', async () => {
    await using receiver = await SyslogReceiver.start();
    receiver.manner = 'reads_never';
    const target = new SyslogTarget({ settings: settings(`address: "127.0.0.1:${receiver.port}"`), hostname: 'c' });
    const delivered = target.deliver([record()], never).then(
      () => 'delivered',
      (error) => error.code,
    );
    await until(() => receiver.connections === 1, { limitMs: 5_000, what: 'the connection' });
    await receiver.stop();
    expect(await delivered).toMatch(/unconfirmed|unreachable/);
  });

  it('says who is not there, and ends at once when it is stopped', async () => {
    const gone = new SyslogTarget({ settings: settings('address: "127.0.0.1:1"'), hostname: 'c' });
    await expect(gone.deliver([record()], never)).rejects.toMatchObject({ code: 'unreachable' });
    await using receiver = await SyslogReceiver.start();
    receiver.manner = 'keeps_open';
    const target = new SyslogTarget({ settings: settings(`address: "127.0.0.1:${receiver.port}"`), hostname: 'c' });
    const stop = new AbortController();
    const delivery = target.deliver([record()], stop.signal);
    await until(() => receiver.messages.length === 1, { limitMs: 5_000, what: 'the message' });
    stop.abort(new Error('stopped'));
    await expect(delivery).rejects.toThrow('stopped');
  });
});

describe('delivery over TLS', () => {
  let certificates: TestCertificates;
  beforeAll(async () => {
    certificates = await makeCertificates();
  });
  afterAll(() => certificates[Symbol.dispose]());

  const client = () => `certificate_file: ${certificates.client.certificate}, key_file: ${certificates.client.key}`;

  it('shows its certificate to a receiver it has checked', async () => {
    await using receiver = await SyslogReceiver.start(certificates);
    const target = new SyslogTarget({
      settings: settings(`address: "127.0.0.1:${receiver.port}", tls: {ca_file: ${certificates.ca}, ${client()}}`),
      hostname: 'c',
    });
    await target.deliver([record(), record({ key: 'k2' })], never);
    expect(receiver.keys).toEqual(['01kb:1', 'k2']);
    expect(receiver.clients).toEqual(['collector']);
  });

  it.each([
    ['a CA that did not sign it', () => client(), /unable to verify|self-signed|issuer/],
    ['another name', () => `ca_file: ${certificates.ca}, server_name: other.example, ${client()}`, /altnames/],
    [
      'no client certificate of ours',
      () => `ca_file: ${certificates.ca}`,
      /certificate required|ECONNRESET|closed|broke/,
    ],
    ['a file that is not there', () => `ca_file: /nowhere/ca.pem`, /\/nowhere\/ca.pem cannot be read: ENOENT/],
  ])('sends nothing where there is %s', async (_, tls, message) => {
    await using receiver = await SyslogReceiver.start(certificates);
    const target = new SyslogTarget({
      settings: settings(`address: "127.0.0.1:${receiver.port}", tls: {${tls()}}`),
      hostname: 'c',
      silentMsMax: 2_000,
    });
    await expect(target.deliver([record()], never)).rejects.toThrow(message);
    expect(receiver.messages).toEqual([]);
  });

  it('does not say what is in a key file that is none', async () => {
    await using receiver = await SyslogReceiver.start(certificates);
    const wrong = `certificate_file: ${certificates.client.certificate}, key_file: ${certificates.ca}`;
    const target = new SyslogTarget({
      settings: settings(`address: "127.0.0.1:${receiver.port}", tls: {${wrong}}`),
      hostname: 'c',
    });
    const text = await target.deliver([record()], never).catch((error) => String(error.message));
    expect(text).toMatch(/TLS cannot begin/);
    expect(text).not.toContain(readFileSync(certificates.ca, 'utf8').slice(30, 60));
  });
});
