// What every route of the HTTP service has around it. Routes are added by the caller, and each says who may ask it: one that
// does not is refused when the service starts.
import type { ServerResponse } from 'node:http';
import cors from '@fastify/cors';
import websocket from '@fastify/websocket';
import fastify, {
  type FastifyBaseLogger,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Caller } from '../access/caller.ts';
import type { Scope } from '../access/scopes.ts';
import type { AccessLog } from '../compliance/access-log.ts';
import { AllowedMethods } from './allowed-methods.ts';
import { correlationIdOf, type TraceContext, traceOf, traceResponse } from './correlation.ts';
import { discloseRequest } from './disclosed.ts';
import { guardingHeaders } from './guarding-headers.ts';
import { takeJson } from './json-body.ts';
import {
  ANSWER_MS_MAX,
  BODY_BYTES_MAX,
  CONNECTIONS_MAX,
  HEADER_BYTES_MAX,
  KEEP_ALIVE_MS,
  MESSAGE_BYTES_MAX,
  RECEIVE_MS_MAX,
} from './limits.ts';
import { describeApi } from './openapi.ts';
import { PROBLEMS, ProblemError, problemOf, toProblemError } from './problem.ts';
import { RequestLog } from './request-log.ts';
import type { AnsweredRequest } from './traces.ts';

/** Who may ask a route: anybody, whoever monitors (config `http.monitoring`), whoever is known, or who has a scope. */
export type Access = 'anyone' | 'monitoring' | 'known' | Scope;

const DUE = Symbol('due');

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** What one call costs of the allowance of who calls; 1 where nothing stands here. */
    cost?: number;
    /** Whether a ticket of /api/stream/tickets proves who calls, too. */
    ticket?: boolean;
  }
  interface FastifyRequest {
    readonly trace: TraceContext;
    /** Undefined where nobody had to be known. */
    caller: Caller | undefined;
    /** Fires when the answer is due, or who asked has gone. */
    readonly due: AbortSignal;
    [DUE]: (() => AbortSignal) | undefined;
  }
}

export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Zod checks all that comes and goes. Said at once, or fastify would load the compilers of its own for nothing. */
const SCHEMAS = {
  compilersFactory: { buildValidator: () => validatorCompiler, buildSerializer: () => serializerCompiler },
} as object as FastifyHttpOptions<RawServerDefault>['schemaController'];

export interface AppParts {
  log: FastifyBaseLogger;
  version: string;
  /** Where it is not plain HTTP. */
  tls?: { key: string; cert: string; ecdhCurve: string } | undefined;
  /** Origins of pages elsewhere that may call; none by default. */
  origins: readonly string[];
  accesses: Pick<AccessLog, 'note'>;
  /** Lets a request pass, or throws ProblemError; gives who it is of where that had to be known. */
  admit: (request: FastifyRequest, access: Access) => Promise<Caller | undefined>;
  /** An answer was given. */
  answered?: (about: AnsweredRequest) => void;
  failed: (error: unknown) => void;
}

/** A service without routes, which does not listen yet. */
export async function makeApp(parts: AppParts): Promise<HttpApp> {
  const { log, failed } = parts;
  const options: FastifyHttpOptions<RawServerDefault> = {
    loggerInstance: log,
    requestIdHeader: false,
    // One line for each, written below.
    logController: new fastify.LogController({ disableRequestLogging: true, requestIdLogLabel: 'correlation_id' }),
    genReqId: ({ headers }) => correlationIdOf(headers),
    childLoggerFactory: (logger, bindings, _, { headers }) =>
      new RequestLog(logger, bindings, traceOf(headers)) as FastifyBaseLogger,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: RECEIVE_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true },
    schemaController: SCHEMAS,
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => answerError(error, request as FastifyRequest, reply as FastifyReply),
  };
  const https = parts.tls && { ...parts.tls, minVersion: 'TLSv1.3', maxHeaderSize: HEADER_BYTES_MAX };
  const app = fastify({
    ...options,
    ...(https && { https, http: undefined }),
  } as typeof options).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = CONNECTIONS_MAX;
  takeJson(app as unknown as FastifyInstance);

  const methods = new AllowedMethods();
  methods.watch(app as unknown as FastifyInstance);
  app.addHook('onRoute', ({ url, method, config }) => {
    // What a browser asks before it asks is answered by @fastify/cors.
    if (!config?.access && method !== 'OPTIONS') throw new TypeError(`the route ${url} does not say who may ask it`);
  });
  if (parts.origins.length > 0) {
    await app.register(cors, {
      origin: [...parts.origins],
      credentials: false,
      exposedHeaders: ['x-correlation-id', 'retry-after'],
      maxAge: 600,
      hideOptionsRoute: true,
    });
  }
  await app.register(websocket, { options: { maxPayload: MESSAGE_BYTES_MAX, perMessageDeflate: false } });
  await describeApi(app, parts.version);

  app.decorateRequest('trace', {
    getter(this: FastifyRequest) {
      return (this.log as unknown as RequestLog).context;
    },
  });
  app.decorateRequest('caller', undefined);
  const headers = { ...guardingHeaders({ tls: parts.tls !== undefined }), 'cache-control': 'no-store' };
  app.decorateRequest(DUE, undefined);
  app.decorateRequest('due', {
    getter(this: FastifyRequest) {
      return this[DUE]!();
    },
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    reply.header('x-correlation-id', request.id);
    reply.header('traceresponse', traceResponse(request.trace));
    request[DUE] = dueSignal(reply.raw);
    const { access } = request.routeOptions.config;
    if (access) request.caller = await parts.admit(request, access);
  });
  app.addHook('preHandler', (request) => discloseRequest(request, parts.accesses));
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'none';
    const ms = reply.elapsedTime;
    const { trace, id: correlationId } = request;
    parts.answered?.({ route, method, status: reply.statusCode, seconds: ms / 1000, trace, correlationId });
    const refused = reply.statusCode >= 400;
    if (!refused && log.level !== 'debug' && log.level !== 'trace') return;
    const about = {
      method,
      route,
      status: reply.statusCode,
      ms: Math.round(ms),
      by: request.caller?.id,
      from: request.ip,
    };
    if (refused) request.log.info(about, 'refused');
    else request.log.debug(about, 'answered');
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.of(request.url.split('?', 1)[0]!);
    if (allowed.length === 0) throw new ProblemError('not_found', 'there is no such route; /openapi.json lists them');
    reply.header('allow', allowed.join(', '));
    if (request.method === 'OPTIONS') return reply.code(204).send();
    throw new ProblemError('method_not_allowed', `this route has ${allowed.join(', ')}`);
  });
  return app as unknown as HttpApp;

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
    const known = toProblemError(error);
    if (!known) {
      request.log.error({ err: error }, 'a request met a fault of the collector');
      failed(error);
    } else if (known.cause) request.log.warn({ reason: (known.cause as Error).message }, 'not answered');
    const refusal =
      known ?? new ProblemError('failed', 'the collector failed; its log says why under the correlation id');
    if (refusal.retryAfterS !== undefined) reply.header('retry-after', String(Math.ceil(refusal.retryAfterS)));
    if (refusal.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="threatguard"');
    // What the framework refuses before its hooks ran has no header yet.
    reply.header('x-correlation-id', request.id);
    // As text: what a route's schema says of a status is about its answers, and this is none.
    return reply
      .code(PROBLEMS[refusal.code].status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .serializer((value: unknown) => JSON.stringify(value))
      .send(problemOf(refusal, request));
  }
}

/** Made where it is asked for: most answers are given at once, and a timer for each of thousands a second is not nothing. */
function dueSignal(answer: ServerResponse): () => AbortSignal {
  let signal: AbortSignal | undefined;
  return () => {
    if (signal) return signal;
    const gone = new AbortController();
    const check = () => {
      if (answer.destroyed && !answer.writableFinished) gone.abort();
    };
    answer.once('close', check);
    check();
    signal = AbortSignal.any([gone.signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
    return signal;
  };
}
