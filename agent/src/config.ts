// HOME/agent.yaml. Every key has a default: an empty or absent file is a working configuration.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROVIDER_NAMES } from '@threatguard/proto';
import { readConfig } from '@threatguard/proto/config';
import { z } from 'zod';

const MIB = 1024 * 1024;
const onOff = (fallback: boolean) => z.boolean().default(fallback);
const absolutePath = z.string().startsWith('/', 'must be an absolute path');

const schema = z.strictObject({
  /** HOST:PORT; the one that enrolled this agent unless given. */
  collector: z.string().regex(/:\d+$/, 'is not HOST:PORT; for example collector.example.net:7443').optional(),
  /** What signs and seals; the fleet's profile comes with its CA. TLS is always OpenSSL's. */
  crypto: z.strictObject({ provider: z.enum(PROVIDER_NAMES).default('openssl') }).prefault({}),
  log: z.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
  spool: z
    .strictObject({
      bytesMax: z.coerce
        .number()
        .int()
        .min(32 * MIB, 'is too small: two full envelopes must fit, so at least 33554432 (32 MiB)')
        .default(256 * MIB),
    })
    .prefault({}),
  batch: z
    .strictObject({
      ageMsMax: z.number().int().min(10).max(60_000).default(1000),
      urgentMs: z.number().int().min(0).max(20).default(5),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /** Of one core, averaged over five minutes; beyond it the least valuable events are shed and counted. */
      cpuPercent: z.number().min(0.5, 'is too little to start with: at least 0.5').max(100).default(5),
      /** Of all threads of the agent; 0 is that of ordinary work, 19 what runs where nobody else wants to. */
      nice: z.number().int().min(0).max(19).default(5),
    })
    .prefault({}),
  sensors: z
    .strictObject({
      /** Kernel audit: where it is on already, or no log tells of logons (auto); always, with rules of ours; or never. */
      audit: z.enum(['auto', 'on', 'off']).default('auto'),
      auth: z
        .strictObject({
          enabled: onOff(true),
          /** Files to follow besides those found by themselves. */
          logs: z.array(z.string().startsWith('/', 'must be an absolute path')).max(64).default([]),
          /** journald: where there is one (auto), always, or never. */
          journal: z.enum(['auto', 'on', 'off']).default('auto'),
        })
        .prefault({}),
      process: z
        .strictObject({
          enabled: onOff(true),
          source: z.enum(['auto', 'ebpf', 'audit', 'proc-connector', 'proc-scan']).default('auto'),
          /** Also say when processes end, with their exit code: as many events again. eBPF only. */
          exits: onOff(false),
        })
        .prefault({}),
      network: z
        .strictObject({ enabled: onOff(true), intervalMs: z.number().int().min(50).max(60_000).default(500) })
        .prefault({}),
      file: z
        .strictObject({
          enabled: onOff(true),
          /** Paths to watch besides the built-in critical ones. */
          paths: z.array(z.string().startsWith('/', 'must be an absolute path')).max(1024).default([]),
          /** Directories a web server serves from: everything below is watched, eight levels deep. */
          webRoots: z.array(absolutePath).max(64).default([]),
          /** Home directories whose .ssh is watched; those of the accounts on this host unless given. */
          homes: z.array(z.string().startsWith('/', 'must be an absolute path')).max(1024).optional(),
        })
        .prefault({}),
      host: z
        .strictObject({
          enabled: onOff(true),
          intervalMs: z.number().int().min(1000).default(60_000),
          /** What is installed and configured, told whenever it changes. */
          inventory: onOff(true),
        })
        .prefault({}),
      /** Other tools' output; nothing unless named. */
      import: z
        .strictObject({
          enabled: onOff(true),
          falco: z
            .strictObject({
              /** Falco's file_output, with json_output: true. */
              file: absolutePath.optional(),
              /** Falco's http_output: http://127.0.0.1:PORT/TOKEN. */
              http: z
                .strictObject({ port: z.number().int().min(1).max(65535), tokenFile: absolutePath.optional() })
                .optional(),
            })
            .prefault({}),
          tetragon: z.strictObject({ file: absolutePath.optional() }).prefault({}),
        })
        .prefault({}),
      dns: z
        .strictObject({
          enabled: onOff(true),
          /** systemd-resolved: where it offers its monitor (auto), always tried, or never. */
          resolved: z.enum(['auto', 'on', 'off']).default('auto'),
          /** Query logs of name servers on this host. */
          logs: z
            .array(z.strictObject({ path: absolutePath, format: z.enum(['dnsmasq', 'unbound', 'bind']) }))
            .max(16)
            .default([]),
        })
        .prefault({}),
    })
    .prefault({}),
});

export type AgentConfig = z.output<typeof schema>;

const OVERRIDES = {
  THREATGUARD_COLLECTOR: 'collector',
  THREATGUARD_CRYPTO_PROVIDER: 'crypto.provider',
  THREATGUARD_LOG_LEVEL: 'log.level',
  THREATGUARD_SPOOL_BYTES_MAX: 'spool.bytesMax',
  THREATGUARD_AUDIT: 'sensors.audit',
};

/** The configuration of the agent at `home`. Throws ConfigError naming file, line and the nearest valid key. */
export function readAgentConfig(home: string, environment: Record<string, string | undefined>): AgentConfig {
  const file = join(home, 'agent.yaml');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return readConfig(schema, { file, text, environment, overrides: OVERRIDES });
}
