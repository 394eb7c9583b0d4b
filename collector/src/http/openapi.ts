import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { isScope, SCOPES } from '../access/scopes.ts';

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
      const { schema, url } = jsonSchemaTransform(document);
      const access = document.route.config?.access;
      if (!schema || schema.hide) return { schema, url };
      if (access === 'anyone') return { schema: { ...schema, security: [] }, url };
      return { schema: { ...schema, security: [{ bearer: isScope(access!) ? [access] : [] }] }, url };
    },
  });
}
