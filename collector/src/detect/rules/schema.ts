// The form of a Sigma document, and our own section in it. Sigma allows custom fields, so unknown keys pass at the top;
// inside the parts we honour they do not.
import { z } from 'zod';
import { readSuppression, SUPPRESSION_FORM } from './suppression-span.ts';

const text = z.string().min(1).max(65_535);

const common = {
  title: z.string().min(1).max(256),
  id: z.string().min(1).max(128).optional(),
  name: z.string().min(1).max(256).optional(),
  taxonomy: z.string().max(256).optional(),
  status: z.enum(['stable', 'test', 'experimental', 'deprecated', 'unsupported']).optional(),
  level: z.enum(['informational', 'low', 'medium', 'high', 'critical']).optional(),
  tags: z.array(z.string().max(256)).max(100).optional(),
  falsepositives: z.union([z.array(text), text]).optional(),
  threatguard: z
    .strictObject({
      /** One sentence; `{source.ip}` stands for a value, `{user.name|user.id}` for the first that is there. */
      reason: z.string().min(1).max(1_000),
      /** Fields whose values say whom the detection is about: what alerts fold by. */
      entity: z.array(z.string().min(1).max(128)).min(1).max(8),
      /** After it alerted about an entity it is silent about that one for so long: a number and s, m, h or d. */
      suppress: z
        .string()
        .refine((span) => readSuppression(span) !== undefined, SUPPRESSION_FORM)
        .optional(),
    })
    .optional(),
};

const logsource = z.looseObject({
  category: text.optional(),
  product: text.optional(),
  service: text.optional(),
});

export const EventRuleSchema = z.looseObject({
  ...common,
  logsource,
  detection: z.record(z.string(), z.unknown()),
});
export type EventRuleDocument = z.output<typeof EventRuleSchema>;

export const FilterSchema = z.looseObject({
  title: common.title,
  id: common.id,
  name: common.name,
  taxonomy: common.taxonomy,
  logsource,
  filter: z.looseObject({
    /** Ids or names; the one word `any` for every rule of the log source. */
    rules: z.union([z.array(text).min(1).max(10_000), text]),
    condition: z.union([text, z.array(text).min(1).max(100)]),
  }),
});
export type FilterDocument = z.output<typeof FilterSchema>;

/** Ours: what stands for `%name%` in values under the modifier `expand`, in all rules loaded together. */
export const PlaceholdersSchema = z.looseObject({
  placeholders: z.record(
    z.string().regex(/^\w{1,128}$/, 'the name of a placeholder is letters, digits and underscores'),
    z.array(z.union([z.string(), z.number()])).max(10_000),
  ),
});

const limit = z.number();
const TIMESPAN_FORM = 'a time span is a number and s, m, h or d, such as 90m';

export const CorrelationRuleSchema = z.looseObject({
  ...common,
  correlation: z.strictObject({
    type: text,
    rules: z.union([z.array(text).min(1).max(32), text.transform((one) => [one])]),
    'group-by': z.array(text).max(8).optional(),
    timespan: z.string({ error: TIMESPAN_FORM }).regex(/^[1-9]\d{0,5}[smhd]$/, TIMESPAN_FORM),
    condition: z
      .strictObject({
        gt: limit.optional(),
        gte: limit.optional(),
        lt: limit.optional(),
        lte: limit.optional(),
        eq: limit.optional(),
        neq: limit.optional(),
        field: z.union([text, z.array(text)]).optional(),
      })
      .optional(),
    aliases: z.record(z.string(), z.record(z.string(), text)).optional(),
    generate: z.boolean().optional(),
  }),
});
export type CorrelationRuleDocument = z.output<typeof CorrelationRuleSchema>;
