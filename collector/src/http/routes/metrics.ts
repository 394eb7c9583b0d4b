import { z } from 'zod';
import type { HttpApp } from '../app.ts';
import type { CollectorMetrics } from '../metrics/collector-metrics.ts';
import { refusals } from '../schemas/problem.ts';

export function metricsRoute(app: HttpApp, metrics: CollectorMetrics): void {
  app.get(
    '/metrics',
    {
      config: { access: 'monitoring', cost: 0 },
      schema: {
        tags: ['health'],
        summary: 'Figures in the text format of Prometheus',
        response: {
          200: {
            description: 'Text format 0.0.4',
            content: { 'text/plain': { schema: z.string() } },
          },
          ...refusals('unauthenticated', 'forbidden'),
        },
      },
      serializerCompiler: () => String,
    },
    async (_, reply) => reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );
}
