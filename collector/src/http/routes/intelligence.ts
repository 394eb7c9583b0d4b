// What is known of addresses, names, URLs and digests: the indicators of all sources.
import type { IntelIndicator } from '@threatguard/proto';
import { z } from 'zod';
import { type IntelReading, listIntel, lookupIntel } from '../../api/intel.ts';
import type { CacheLayer } from '../../cache/cache-layer.ts';
import { INDICATOR_KINDS } from '../../detect/intel/indicator.ts';
import { normalise, type ValueRefusal } from '../../detect/intel/normalise.ts';
import type { HttpApp } from '../app.ts';
import { ProblemError } from '../problem.ts';
import { guarded } from '../schemas/problem.ts';
import { isoTimeUs } from '../times.ts';

const VALUES_MAX = 100;
/** Fewer are looked up sooner than a Redis is asked. */
const REMEMBERED_FROM = 10;
const VALUE_CHARS_MAX = 2_048;
/** Sound values that no indicator can be of. Scripts send what they find, and one of these is no reason to refuse the others. */
const NO_INDICATOR: ReadonlySet<string> = new Set<ValueRefusal>([
  'a network too wide',
  'an address that is no host of a network',
  'a domain of one label',
  'the digest of nothing',
]);
const time = z.iso.datetime();
const texts = z.array(z.string());

const indicatorAnswer = z.object({
  kind: z.string(),
  value: z.string(),
  confidence: z.int().describe('Weighed over all who say it, 0 to 100'),
  tlp: z.string().describe('The strictest of them'),
  weighed: z.string().describe('How the weight came about'),
  claims: z.array(
    z.object({
      source: z.string(),
      confidence: z.int(),
      tlp: z.string(),
      since: time.optional(),
      until: time.optional(),
      about: z.string(),
      techniques: texts,
      tactics: texts,
    }),
  ),
});

const queryBody = z
  .strictObject({
    indicators: z
      .array(z.string().min(1).max(VALUE_CHARS_MAX))
      .min(1)
      .max(VALUES_MAX)
      .describe('Addresses, networks, domains, URLs, digests, ADDRESS:PORT; also defanged'),
  })
  .meta({ examples: [{ indicators: ['203.0.113.7', 'evil[.]example', 'hxxps://evil.example/payload'] }] });
const queryAnswer = z.object({
  results: z
    .array(
      z.object({
        asked: z.string(),
        kind: z.string(),
        value: z.string().describe('As it is compared'),
        known: z.boolean(),
        note: z.string().optional().describe('Why nothing can be known of it, such as of the digest of an empty file'),
        indicators: z.array(indicatorAnswer).describe('That cover it, the narrowest first'),
        withdrawn: z.array(z.object({ source: z.string(), at: time.optional(), by: z.string() })),
      }),
    )
    .describe('In the order they were asked for'),
});

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: z.string().max(64).optional().describe('`next` of the page before'),
  source: z.string().min(1).max(64).optional(),
  kind: z.enum(INDICATOR_KINDS).optional(),
});
const listAnswer = z.object({
  indicators: z.array(indicatorAnswer),
  next: z.string().describe('Of the next page, also where this one is empty; empty on the last'),
});

export function intelligenceRoutes(app: HttpApp, parts: IntelReading & { layer: CacheLayer }): void {
  const { layer, ...reading } = parts;

  app.post(
    '/api/threat/query-intelligence',
    {
      config: { access: 'indicators:read' },
      schema: {
        tags: ['analysis'],
        summary: 'What is known of addresses, names, URLs and digests, by whom, and how sure',
        body: queryBody,
        response: { 200: queryAnswer, ...guarded() },
      },
    },
    async (request) => {
      const { indicators } = request.body;
      const wrong = indicators.flatMap((text, index) => {
        const read = normalise(text);
        return 'refused' in read && !NO_INDICATOR.has(read.refused)
          ? [{ path: `/body/indicators/${index}`, message: `this is ${read.refused}` }]
          : [];
      });
      if (wrong.length > 0) {
        throw new ProblemError('invalid', `${wrong[0]!.path}: ${wrong[0]!.message}`, { fields: wrong });
      }
      return indicators.length < REMEMBERED_FROM ? { results: indicators.map(lookUp) } : rememberedLookUp(indicators);
    },
  );

  /** An answer is of the indicators there are, so another import asks under another name; and until the first of them ends. */
  async function rememberedLookUp(asked: readonly string[]): Promise<z.output<typeof queryAnswer>> {
    const { digest, firstEndSeconds } = reading.library.index.buffers;
    const nowUs = reading.nowUs();
    const forMs = firstEndSeconds === 0 ? layer.ttlMs : firstEndSeconds * 1000 - nowUs / 1000;
    if (digest === '' || forMs <= 0) return { results: asked.map(lookUp) };
    const key = JSON.stringify([digest, asked]);
    const known = await layer.get(key);
    const read = known === undefined ? undefined : readAnswer(known);
    if (read) return read;
    const answer = { results: asked.map(lookUp) };
    // What was imported meanwhile is in it, and would stand under the name of what was before.
    if (reading.library.index.buffers.digest === digest) await layer.set(key, JSON.stringify(answer), forMs);
    return answer;
  }

  function lookUp(asked: string): z.output<typeof queryAnswer>['results'][number] {
    const read = normalise(asked);
    if ('refused' in read) {
      return {
        asked,
        kind: '',
        value: asked,
        known: false,
        note: `this is ${read.refused}`,
        indicators: [],
        withdrawn: [],
      };
    }
    const { kind = '', value = '', indicators: found = [], withdrawn = [] } = lookupIntel(reading, { value: asked });
    return {
      ...{ asked, kind, value, known: found.length > 0 },
      indicators: found.map(describeIndicator),
      withdrawn: withdrawn.map(({ source = '', atUs, by = '' }) => ({ source, at: isoTimeUs(atUs), by })),
    };
  }

  app.get(
    '/api/threat/indicators',
    {
      config: { access: 'indicators:read' },
      schema: {
        tags: ['fleet'],
        summary: 'Indicators that events are held against',
        querystring: listQuery,
        response: { 200: listAnswer, ...guarded('not_found') },
      },
    },
    (request) => {
      const { indicators = [], next } = listIntel(reading, request.query);
      return { indicators: indicators.map(describeIndicator), next: next ?? '' };
    },
  );
}

/** What stands in Redis may have been written by another version, or by anybody who may write there. */
function readAnswer(text: string): z.output<typeof queryAnswer> | undefined {
  try {
    return queryAnswer.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function describeIndicator(indicator: IntelIndicator): z.output<typeof indicatorAnswer> {
  const { kind = '', value = '', confidence, tlp = '', weighed = '', claims = [] } = indicator;
  return {
    ...{ kind, value, tlp, weighed, confidence: confidence ?? 0 },
    claims: claims.map((claim) => ({
      source: claim.source ?? '',
      confidence: claim.confidence ?? 0,
      tlp: claim.tlp ?? '',
      since: isoTimeUs(claim.sinceUs),
      until: isoTimeUs(claim.untilUs),
      about: claim.about ?? '',
      techniques: claim.techniques ?? [],
      tactics: claim.tactics ?? [],
    })),
  };
}
