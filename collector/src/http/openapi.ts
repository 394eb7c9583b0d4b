import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { isScope, SCOPES } from '../access/scopes.ts';
import { refusals } from './schemas/problem.ts';

/** Sections of the document, in its order. */
const TAGS = {
  health: 'Whether the collector and what it needs do their work',
  login: 'Who calls: logging in, tokens, users',
  analysis: 'Detection and analysis of what is sent or stored',
  findings: 'Alerts, incidents, risk',
  fleet: 'Agents, events, rules, indicators',
} as const;

const DESCRIPTION =
  `Everything that is refused is answered in the form of RFC 9457 (application/problem+json), with the path of
every bad field and a correlation id, which X-Correlation-Id of the request sets and of the answer repeats.`.replaceAll(
    '\n',
    ' ',
  );

/** OpenAPI 3.1 over the schemas of all routes that are added from now on. */
export async function describeApi(app: Pick<FastifyInstance, 'register'>, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'ThreatGuard collector', version, description: DESCRIPTION },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: `An access token or a token for scripts. Scopes: ${Object.entries(SCOPES)
              .map(([name, text]) => `${name} (${text})`)
              .join('; ')}`,
          },
        },
      },
    },
    transform: (document) => {
      const { access, cost = 1 } = document.route.config ?? {};
      const { schema, url } = jsonSchemaTransform(withEveryRefusal(document, { open: access === 'anyone', cost }));
      if (!schema || schema.hide) return { schema, url };
      const security = access === 'anyone' ? [] : [{ bearer: isScope(access!) ? [access] : [] }];
      return { schema: { ...schema, operationId: operationId(document.route), security }, url };
    },
  });
}

/** Many tools that import the document want each operation to have a name: `getApiThreatAlertsById`. */
function operationId({ method, url }: { method: string | string[]; url: string }): string {
  const words = url
    .replaceAll(':', 'by-')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return [String(method).toLowerCase(), ...words.map((word) => word[0]!.toUpperCase() + word.slice(1))].join('');
}

/** What a route may be refused for by what stands around it follows from what it takes, who may ask, and what that costs. */
function withEveryRefusal<Route extends { schema: FastifySchema }>(
  route: Route,
  { open, cost }: { open: boolean; cost: number },
): Route {
  const { schema } = route;
  if (!schema?.response) return route;
  const { body, querystring, params } = schema;
  const response = { ...(schema.response as object), ...(body ? refusals('too_large', 'unsupported_media_type') : {}) };
  const never = [...(body || querystring || params ? [] : ['400']), ...(open && cost === 0 ? ['429'] : [])];
  const possible = Object.entries(response).filter(([status]) => !never.includes(status));
  return { ...route, schema: { ...schema, response: Object.fromEntries(possible) } };
}
