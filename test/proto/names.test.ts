import {
  formatJoinToken,
  HostEvent,
  parseJoinToken,
  parsePeerName,
  parseSeverity,
  peerUri,
  Severity,
  severityName,
  toEcs,
} from '@threatguard/proto';
import { describe, expect, it } from 'vitest';

describe('the name in a certificate', () => {
  it('comes back from the SubjectAltName as node:crypto prints it', () => {
    const name = { kind: 'agent', id: '0193f2e1-aaaa' } as const;
    expect(parsePeerName(`DNS:localhost, URI:${peerUri(name)}`)).toEqual(name);
  });

  it.each([
    ['no URI', 'DNS:threatguard'],
    ['nothing', undefined],
    ['two URIs', 'URI:threatguard://agent/a, URI:threatguard://console/b'],
    ['another scheme', 'URI:https://agent/a'],
    ['another kind', 'URI:threatguard://root/a'],
    ['a path', 'URI:threatguard://agent/a/b'],
    ['a quoted value', 'URI:"threatguard://agent/a"'],
    ['a name that carries a separator', 'DNS:"a, URI:threatguard://console/admin"'],
  ])('is nobody with %s', (_case, subjectAltName) => {
    expect(parsePeerName(subjectAltName)?.kind).not.toBe('agent');
    expect(parsePeerName(subjectAltName)).toBeUndefined();
  });
});

describe('a join token', () => {
  const token = { id: 'k3j9x0q2w1', secret: 'A'.repeat(43), caSha256: 'ab'.repeat(32) };

  it('comes back from its text, with the white space of a paste around it', () => {
    expect(parseJoinToken(`  ${formatJoinToken(token)}\n`)).toEqual(token);
  });

  it('is none when a character is missing', () => {
    expect(parseJoinToken(formatJoinToken(token).slice(0, -1))).toBeUndefined();
  });
});

describe('severity names', () => {
  it('go both ways', () => {
    for (const severity of [Severity.LOW, Severity.CRITICAL]) {
      expect(parseSeverity(severityName(severity))).toBe(severity);
    }
    expect(parseSeverity('severity_unspecified')).toBeUndefined();
    expect(parseSeverity('2')).toBeUndefined();
  });
});

describe('ECS names', () => {
  it('of numbers nobody has named are absent, and nothing throws', () => {
    const hostile = { observedAtUs: 0, class: 99, activity: 999, outcome: 99, network: { direction: 99 } };
    expect(toEcs(hostile as HostEvent)).toEqual({
      '@timestamp': '1970-01-01T00:00:00.000Z',
    });
  });

  it('survive a time no calendar has', () => {
    expect(toEcs({ observedAtUs: 2 ** 63 })['@timestamp']).toBe('+275760-09-13T00:00:00.000Z');
  });

  it('stand for every field of an event that is set, and for no other', () => {
    const event = HostEvent.decode(
      HostEvent.encode({
        observedAtUs: 1_790_000_000_000_000,
        class: 1,
        activity: 1,
        outcome: 2,
        user: { name: 'root', id: 0 },
        authentication: { sourceAddress: '192.0.2.1', sourcePort: 5022, method: 'password' },
      }).finish(),
    );
    expect(toEcs(event)).toEqual({
      '@timestamp': '2026-09-21T14:13:20.000Z',
      'event.category': 'authentication',
      'event.action': 'logon',
      'event.outcome': 'failure',
      'user.name': 'root',
      'user.id': 0,
      'source.ip': '192.0.2.1',
      'source.port': 5022,
      'threatguard.authentication.method': 'password',
    });
  });
});
