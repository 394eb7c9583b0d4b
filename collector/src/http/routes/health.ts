import { activeProfile } from '@threatguard/proto';
import type { HttpApp } from '../app.ts';
import type { ComponentHealth, HealthBoard } from '../health/board.ts';
import { detailedAnswer, healthAnswer, type RedisHealth, readyAnswer, redisAnswer } from '../schemas/health.ts';
import { refusals } from '../schemas/problem.ts';
import type { HttpStatus } from '../status.ts';
import { isoTime } from '../times.ts';

export interface HealthRoutesParts {
  board: HealthBoard;
  status: HttpStatus;
  redis: () => RedisHealth;
}

/** Nothing here asks anything: the board has looked, and this says what it saw. */
export function healthRoutes(app: HttpApp, { board, status, redis }: HealthRoutesParts): void {
  const { nowMs } = status;
  const summary = () => ({ status: board.state, checked_at: isoTime(nowMs()) });

  app.get(
    '/health',
    {
      config: { access: 'anyone', cost: 0 },
      schema: {
        tags: ['health'],
        summary: 'Whether the collector does its work: 200 where it is up or degraded, 503 where it is down',
        response: { 200: healthAnswer, 503: healthAnswer, ...refusals() },
      },
    },
    async (_, reply) => reply.code(board.state === 'down' ? 503 : 200).send(summary()),
  );

  app.get(
    '/health/ready',
    {
      config: { access: 'anyone', cost: 0 },
      schema: {
        tags: ['health'],
        summary:
          'Whether requests should be sent here: 503 where something needed is down, or the collector is stopping',
        response: { 200: readyAnswer, 503: readyAnswer, ...refusals() },
      },
    },
    async (_, reply) => {
      const down = board.components().filter(({ state, needed }) => needed && state === 'down');
      const because = [...down.map(({ name }) => name), ...(board.stopping ? ['stopping'] : [])];
      return reply.code(board.ready ? 200 : 503).send({ ready: board.ready, because });
    },
  );

  app.get(
    '/health/detailed',
    {
      config: { access: 'monitoring', cost: 0 },
      schema: {
        tags: ['health'],
        summary: 'Each thing the collector needs, and what it does',
        response: { 200: detailedAnswer, 503: detailedAnswer, ...refusals('unauthenticated', 'forbidden') },
      },
    },
    async (_, reply) => {
      const enrolled = status.fleet.agents().filter((agent) => agent.revokedAtUs === undefined).length;
      return reply.code(board.state === 'down' ? 503 : 200).send({
        ...summary(),
        version: status.version,
        started_at: isoTime(status.startedAtUs / 1000),
        uptime_seconds: Math.max(0, nowMs() - status.startedAtUs / 1000) / 1000,
        components: board.components().map(component),
        agents: { enrolled, connected: status.presence.connectedCount() },
        events_per_second: status.rate.perSecond(nowMs()),
        rules: { loaded: status.rules.rules.length, disabled: status.rules.disabled().length },
        store: { engine: status.store.engine, version: status.store.version },
        crypto: { profile: activeProfile().name, kem_epoch: status.epochs.epoch },
      });
    },
  );

  app.get(
    '/health/redis',
    {
      config: { access: 'monitoring', cost: 0 },
      schema: {
        tags: ['health'],
        summary: 'The shared cache; "not_configured" where there is none, and nothing is wrong with that',
        response: { 200: redisAnswer, 503: redisAnswer, ...refusals('unauthenticated', 'forbidden') },
      },
    },
    async (_, reply) => {
      const health = redis();
      return reply.code(health.status === 'down' ? 503 : 200).send(health);
    },
  );
}

function component({ name, state, needed, sinceMs, checkedAtMs, responseMs, detail }: ComponentHealth) {
  return {
    name,
    status: state,
    needed,
    since: isoTime(sinceMs),
    checked_at: isoTime(checkedAtMs),
    response_ms: Math.round(responseMs * 1000) / 1000,
    ...(detail !== undefined && { detail }),
  };
}
