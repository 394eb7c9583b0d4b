// The `intel` section of collector.yaml.
import { z } from 'zod';
import { TLPS } from './indicator.ts';
import { FEED_FORMATS } from './read-feed.ts';

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90s`, `15m`, `6h`, `30d`, in seconds. */
const duration = (least: number) =>
  z.string().transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined && seconds >= least) return seconds;
    context.addIssue(`write a duration such as 15m, 6h or 30d, at least ${least} s`);
    return z.NEVER;
  });

const intelSource = z.strictObject({
  name: z.string().trim().min(1).max(64),
  url: z.string().regex(/^https?:\/\/[^\s/]+/, 'write https://HOST/PATH'),
  /** Takes plain HTTP from anywhere. */
  insecure: z.boolean().default(false),
  format: z.enum(FEED_FORMATS).optional(),
  every: duration(60).prefault('6h'),
  confidence: z.coerce.number().int().min(0).max(100).optional(),
  tlp: z.enum(TLPS).optional(),
  expires: duration(60).optional(),
  columns: z.string().max(1_000).optional(),
  subdomains: z.boolean().optional(),
});

export const intelSettings = z
  .strictObject({
    sources: z
      .array(intelSource)
      .max(64)
      .refine((sources) => new Set(sources.map(({ name }) => name)).size === sources.length, 'two have the same name')
      .default([]),
    /** Days of stored events that new indicators are held against. */
    retro_days: z.coerce.number().int().min(0).max(3_650).default(30),
  })
  .prefault({});

function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  return match ? Number(match[1]) * UNIT_SECONDS[match[2]!]! : undefined;
}
