import type { CryptoHost } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';
import { age, isoTime } from './time.ts';

/** Keys of a host in JSON and CSV, in order. */
export const CRYPTO_KEYS = [
  'agent.id',
  'agent.name',
  'connected',
  'tls.protocol',
  'tls.group',
  'signature.algorithm',
  'key.id',
  'certificate.expires_at',
  'provider',
  'since',
  'session_at',
  'below',
] as const;

export function cryptoRecord(host: CryptoHost): JsonRecord {
  return {
    'agent.id': host.agentId ?? '',
    'agent.name': host.name ?? '',
    connected: host.connected ?? false,
    'tls.protocol': host.tlsProtocol || undefined,
    'tls.group': host.tlsGroup || undefined,
    'signature.algorithm': host.signatureAlgorithm || undefined,
    'key.id': host.keyId ?? '',
    'certificate.expires_at': isoTime(host.certificateExpiresAtUs),
    provider: host.provider || undefined,
    since: isoTime(host.sinceUs),
    session_at: isoTime(host.sessionAtUs),
    below: host.below ?? [],
  };
}

export function cryptoColumns(nowMs: number): Column<CryptoHost>[] {
  return [
    { title: 'NAME', cell: (host) => host.name ?? '', shrink: true },
    { title: 'POLICY', cell: policyText, shrink: true },
    { title: 'SESSION', cell: (host) => age(host.sessionAtUs, nowMs), align: 'right' },
    { title: 'TLS', cell: (host) => [host.tlsProtocol, host.tlsGroup].filter(Boolean).join(' ') },
    { title: 'SIGNATURE', cell: (host) => host.signatureAlgorithm ?? '' },
    { title: 'PROVIDER', cell: (host) => host.provider ?? '' },
    { title: 'CERTIFICATE UNTIL', cell: (host) => isoTime(host.certificateExpiresAtUs)?.slice(0, 10) ?? '' },
    { title: 'KEY', cell: (host) => (host.keyId ?? '').slice(0, 16), optional: true },
  ];
}

function policyText(host: CryptoHost): string {
  if (!host.sessionAtUs) return 'never connected';
  return host.below?.length ? `below: ${host.below.join('; ')}` : 'met';
}
