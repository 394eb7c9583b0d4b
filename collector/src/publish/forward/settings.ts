// The `forward` section of collector.yaml.
import { isIP } from 'node:net';
import { FORWARD_FORMATS } from '@threatguard/proto/export';
import { z } from 'zod';

/** Targets a collector serves: each has a queue position and a connection of its own. */
const TARGETS_MAX = 16;

const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;
/** RFC 5424 6.2.1, by number. */
export const FACILITIES: readonly string[] = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp'],
  ...['audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];

const HOST_PORT = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\]/]+):[0-9]{1,5}$/;
const path = z.string().min(1);
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name has up to 64 letters, digits, dots, dashes and underscores');

const tls = z
  .strictObject({
    ca_file: path.optional(),
    certificate_file: path.optional(),
    key_file: path.optional(),
    server_name: z.string().min(1).optional(),
  })
  .refine(({ certificate_file, key_file }) => !certificate_file === !key_file, {
    message: 'certificate_file and key_file are a client certificate together: name both or none',
  });

const every = {
  name,
  format: z.enum(FORWARD_FORMATS).default('json'),
  severity_min: z.enum(SEVERITIES).default('informational'),
  what: z
    .array(z.enum(['alerts', 'audit']))
    .min(1)
    .default(['alerts']),
};

const syslog = z.strictObject({
  ...every,
  kind: z.literal('syslog'),
  address: z.string().regex(HOST_PORT, 'write HOST:PORT, such as siem.example:6514'),
  tls: tls.optional(),
  facility: z.enum(FACILITIES).default('local0'),
  /** This host's name where there is none. */
  hostname: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'up to 255 printable ASCII characters without spaces')
    .optional(),
  /** Of the structured data; 32473 is the one RFC 5612 reserves for those who have none. */
  enterprise: z.coerce.number().int().min(1).max(4_294_967_295).default(32_473),
});

const webhook = z.strictObject({
  ...every,
  kind: z.literal('webhook'),
  url: z.string().refine(isHttps, 'write https://HOST/PATH, without a user and password in it'),
  secret_file: path,
  tls: tls.optional(),
  /** Whether it may be on this host or in a private network: an address somebody else decides must not lead there. */
  allow_private: z.boolean().default(false),
});

export const forwardSettings = z
  .array(z.discriminatedUnion('kind', [syslog, webhook]))
  .max(TARGETS_MAX)
  .refine((targets) => new Set(targets.map((target) => target.name)).size === targets.length, {
    message: 'two targets have the same name: what each has had is kept by it',
  })
  .default([]);

export type ForwardSettings = z.output<typeof forwardSettings>[number];
export type SyslogSettings = Extract<ForwardSettings, { kind: 'syslog' }>;
export type WebhookSettings = Extract<ForwardSettings, { kind: 'webhook' }>;
export type TlsSettings = z.output<typeof tls>;

function isHttps(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.hostname !== '' && !url.username && !url.password && !url.hash;
}

/** 1 to 5. */
export function severityFloor({ severity_min }: ForwardSettings): number {
  return SEVERITIES.indexOf(severity_min) + 1;
}

/** What TLS is to name and check: nothing for an address, which has no name. */
export function serverNameOf(host: string, settings: TlsSettings | undefined): string | undefined {
  return settings?.server_name ?? (isIP(host) ? undefined : host);
}
