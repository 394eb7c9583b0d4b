import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../problem.ts';

const problem = z
  .object({
    type: z.string().describe('urn:threatguard:problem:CODE'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    correlation_id: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .describe('RFC 9457');

/** The refusals of a route, for its `response`; those every route may have are always among them. */
export function refusals(...codes: ProblemCode[]) {
  const all: ProblemCode[] = ['invalid', 'rate_limited', 'failed', ...codes];
  return Object.fromEntries(
    [...new Set(all)].map((code) => [
      PROBLEMS[code].status,
      { description: PROBLEMS[code].title, content: { 'application/problem+json': { schema: problem } } },
    ]),
  ) as Record<400, { description: string; content: { 'application/problem+json': { schema: typeof problem } } }>;
}

/** Of a route that somebody has to be known for, whoever it is. */
export function known(...codes: ProblemCode[]) {
  return refusals('unauthenticated', ...codes);
}

/** Of a route that needs a scope. */
export function guarded(...codes: ProblemCode[]) {
  return refusals('unauthenticated', 'forbidden', ...codes);
}
