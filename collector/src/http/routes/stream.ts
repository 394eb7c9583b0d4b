import { AlertState } from '@threatguard/proto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HttpApp } from '../app.ts';
import { ProblemError } from '../problem.ts';
import { severityNumber } from '../schemas/findings.ts';
import { guarded } from '../schemas/problem.ts';
import { alertsQuery } from '../schemas/threat.ts';
import { type AlertStream, CLIENTS_MAX, type StreamSocket } from '../stream/alert-stream.ts';
import { REPLAY_SECONDS_MAX, type RecentAlerts } from '../stream/recent-alerts.ts';
import { type StreamTickets, TICKET_SECONDS } from '../stream/tickets.ts';
import { spanUs } from '../times.ts';

const streamQuery = alertsQuery.omit({ limit: true, after: true }).extend({
  ticket: z.string().max(64).optional().describe('Instead of the header, for browsers'),
  replay: z.coerce
    .number()
    .int()
    .min(1)
    .max(REPLAY_SECONDS_MAX)
    .optional()
    .describe('First the alerts of so many seconds before, with "replayed": true, for a stream that was cut'),
});

const ticketAnswer = z.object({ ticket: z.string(), expires_in: z.int() });

export interface StreamRoutesParts {
  stream: AlertStream;
  recent: Pick<RecentAlerts, 'since'>;
  tickets: StreamTickets;
  origins: readonly string[];
  nowMs: () => number;
}

export function streamRoutes(app: HttpApp, { stream, recent, tickets, origins, nowMs }: StreamRoutesParts): void {
  app.post(
    '/api/stream/tickets',
    {
      config: { access: 'alerts:read' },
      schema: {
        tags: ['findings'],
        summary:
          'A ticket for /api/stream, good once and soon: for browsers, which cannot send a header with a WebSocket',
        response: { 201: ticketAnswer, ...guarded() },
      },
    },
    async (request, reply) =>
      reply.code(201).send({ ticket: tickets.sell(request.caller!), expires_in: TICKET_SECONDS }),
  );

  app.route({
    method: 'GET',
    url: '/api/stream',
    config: { access: 'alerts:read', ticket: true },
    schema: {
      tags: ['findings'],
      summary:
        'Alerts of all collectors of the store as they are raised and changed, over WebSocket: {"type": "alert", "alert": ...}; "partial" and "whole" where those of other collectors are late, and are known again; "missed" with how many were left out. Who is too slow is cut with code 1013 and the reason',
      querystring: streamQuery,
      response: { ...guarded('unavailable') },
    },
    preHandler: async (request) => {
      spanUs(request.query as z.output<typeof streamQuery>, '/query');
      if (!request.ws) return;
      refuseForeignPage(request as FastifyRequest, origins);
      if (stream.isFull) throw new ProblemError('unavailable', `${CLIENTS_MAX} clients are connected already`);
    },
    handler: () => {
      throw new ProblemError('invalid', 'this route is for WebSocket: send Connection: Upgrade and Upgrade: websocket');
    },
    wsHandler: (socket, request) => {
      const {
        severity,
        state,
        since,
        until,
        replay,
        ticket: _,
        ...rest
      } = request.query as z.output<typeof streamQuery>;
      const filter = {
        ...rest,
        ...(severity && { severityMin: severityNumber(severity) }),
        ...(state && { state: AlertState[state.toUpperCase() as 'OPEN'] }),
        ...spanUs({ since, until }, '/query'),
      };
      const missed = replay === undefined ? undefined : recent.since(nowMs() - replay * 1000);
      stream.add(socket as StreamSocket, { filter, caller: request.caller!, ...(missed && { missed }) });
    },
  });
}

/** A page of somebody else may open a WebSocket to us (no CORS holds it back): its browser says whose page it is. */
function refuseForeignPage({ headers }: FastifyRequest, origins: readonly string[]): void {
  const { origin, host } = headers;
  if (origin === undefined || origins.includes(origin)) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new ProblemError(
    'forbidden',
    'pages of this origin may not connect; http.origins in collector.yaml names those that may',
  );
}
