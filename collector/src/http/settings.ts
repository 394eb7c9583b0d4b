// The `http` section of collector.yaml.
import { z } from 'zod';
import { oidcSettings } from '../access/oidc/settings.ts';
import { listenAddress } from '../listen-address.ts';

const origin = z.string().regex(/^https?:\/\/[^\s/]+$/, 'write an origin, such as https://soc.example.org');

const section = z
  .strictObject({
    listen: listenAddress.or(z.literal('off')).default('127.0.0.1:3002'),
    /** `auto`: the collector's own certificate, and none where only this host can connect. */
    tls: z.enum(['auto', 'on', 'off']).default('auto'),
    /** PEM files, instead of the collector's own certificate: browsers know none of ML-DSA. */
    certificate: z.string().min(1).optional(),
    key: z.string().min(1).optional(),
    origins: z.array(origin).max(32).default([]),
    /** Who may read metrics and health in detail without a token. */
    monitoring: z.enum(['local', 'anyone', 'token']).default('local'),
    /** `hybrid`: access tokens have an RS256 signature beside that of ML-DSA, and both must be right. */
    tokens: z.enum(['ml-dsa', 'hybrid']).default('ml-dsa'),
    /** Where spans of requests are sent: OTLP over HTTP with JSON. */
    traces: z.url({ protocol: /^https?$/, error: 'write a URL such as http://127.0.0.1:4318/v1/traces' }).optional(),
    /** How browsers reach the service; a provider of single sign-on sends them back there. */
    public_url: origin.optional(),
    oidc: oidcSettings.optional(),
  })
  .refine(
    ({ certificate, key }) => (certificate === undefined) === (key === undefined),
    'certificate and key go together',
  );

export const httpSettings = z
  .preprocess((value) => (value === 'off' || value === false ? { listen: 'off' } : value), section.prefault({}))
  // What a preprocessed value looks like zod cannot know; unknown keys are answered by it.
  .meta({ properties: z.toJSONSchema(section, { io: 'input' }).properties });
