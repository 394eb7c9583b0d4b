// The `redis` section of collector.yaml.
import { z } from 'zod';
import { CacheError } from './cache-error.ts';
import { readRedisUrl } from './redis-url.ts';

const redisUrl = z.string().superRefine((text, context) => {
  try {
    readRedisUrl(text);
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    context.addIssue(error.message);
  }
});

export const redisSettings = z
  .strictObject({
    url: redisUrl.optional(),
    password_file: z.string().min(1).optional(),
    sentinel_password_file: z.string().min(1).optional(),
    ca_file: z.string().min(1).optional(),
  })
  .prefault({});
