// Every refusal of the HTTP service, in the form of RFC 9457. What went wrong in here is never told to who called: the log
// has it under the same correlation id.
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { AccessError, type AccessErrorCode } from '../access/access-error.ts';
import { ApiError } from '../api/grpc-status.ts';
import { StoreError } from '../store/store-error.ts';
import { BODY_BYTES_MAX } from './limits.ts';

/** What each code answers with. A closed list: clients decide by `type`. */
export const PROBLEMS = {
  invalid: { status: 400, title: 'The request is not what this route takes' },
  unauthenticated: { status: 401, title: 'Who calls is not known' },
  forbidden: { status: 403, title: 'Who calls may not do this' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'This route does not have that method' },
  conflict: { status: 409, title: 'This does not go together with what is there' },
  too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not of a type this route takes' },
  rate_limited: { status: 429, title: 'Too many requests' },
  failed: { status: 500, title: 'The collector failed' },
  unavailable: { status: 503, title: 'Something the answer needs does not answer' },
  timed_out: { status: 504, title: 'The answer took too long' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** A field that is wrong: where it stands (JSON Pointer, RFC 6901, from `/body`, `/query`, `/path` or `/headers`) and why. */
export interface FieldProblem {
  path: string;
  message: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The path that was asked for, without its query. */
  instance: string;
  correlation_id: string;
  errors?: FieldProblem[];
}

/** A refusal by a route. The message says what to do. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly fields: readonly FieldProblem[];
  /** Seconds after which it may be tried again; undefined where that is not known. */
  readonly retryAfterS: number | undefined;

  constructor(
    code: ProblemCode,
    message: string,
    more: { fields?: readonly FieldProblem[]; retryAfterS?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.fields = more.fields ?? [];
    this.retryAfterS = more.retryAfterS;
  }
}

const API_PROBLEMS = {
  not_found: 'not_found',
  invalid: 'invalid',
  ambiguous: 'conflict',
  conflict: 'conflict',
  rate_limited: 'rate_limited',
} as const;

const ACCESS_PROBLEMS: Record<AccessErrorCode, ProblemCode> = {
  wrong_credentials: 'unauthenticated',
  locked: 'rate_limited',
  not_known: 'unauthenticated',
  weak_password: 'invalid',
  name_taken: 'conflict',
  name_invalid: 'invalid',
  no_such_user: 'not_found',
  no_such_token: 'not_found',
  last_admin: 'conflict',
  scope_beyond: 'forbidden',
  first_admin_done: 'conflict',
  no_local_password: 'conflict',
  not_vouched: 'unauthenticated',
  no_role: 'forbidden',
  provider_unavailable: 'unavailable',
  invalid_settings: 'unavailable',
  busy: 'unavailable',
};

const STORE_PROBLEMS = {
  unavailable: 'unavailable',
  rejected: 'invalid',
  timed_out: 'timed_out',
  cancelled: 'timed_out',
} as const;

const HTTP_PROBLEMS: Record<number, ProblemCode> = {
  400: 'invalid',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  414: 'invalid',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  431: 'too_large',
  503: 'unavailable',
};

/** By code of fastify, where its own words do not say what to do. */
const IN_OUR_WORDS: Record<string, string> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'send JSON, with the header Content-Type: application/json',
  FST_ERR_CTP_BODY_TOO_LARGE: `a body has at most ${BODY_BYTES_MAX} bytes`,
};

/** Where fastify says that a value stood, in our words. */
const CONTEXTS: Record<string, string> = { body: '/body', querystring: '/query', params: '/path', headers: '/headers' };
const FIELDS_MAX = 20;

/** The refusal an error is; undefined for one that nobody foresaw, which is a bug. */
export function toProblemError(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (error instanceof ApiError) return new ProblemError(API_PROBLEMS[error.code], error.message);
  if (error instanceof AccessError) {
    return new ProblemError(ACCESS_PROBLEMS[error.code], error.message, { retryAfterS: error.retryAfterS });
  }
  if (error instanceof StoreError) {
    const { code, message } = error;
    // The text of a database names hosts and tables: for the log, not for who calls.
    const text = code === 'unavailable' ? 'the store does not answer; try again' : message;
    const retryAfterS = code === 'unavailable' ? 1 : undefined;
    return new ProblemError(STORE_PROBLEMS[code], text, { retryAfterS, cause: error });
  }
  if (hasZodFastifySchemaValidationErrors(error)) return fromValidation(error as unknown as FastifyError);
  const { statusCode, code = '' } = error as Partial<FastifyError>;
  // Only what the framework itself refuses has such a code; anything else with a status is not ours.
  if (!statusCode || statusCode === 500 || !(code.startsWith('FST_') || error instanceof SyntaxError)) return undefined;
  const known = HTTP_PROBLEMS[statusCode];
  return known && new ProblemError(known, IN_OUR_WORDS[code] ?? (error as Error).message);
}

function fromValidation({ validation = [], validationContext = 'body' }: FastifyError): ProblemError {
  const context = CONTEXTS[validationContext] ?? `/${validationContext}`;
  const all = validation.flatMap((issue) => fieldProblems(context, issue));
  // A value may break two rules that are said in the same words.
  const fields = [...new Map(all.map((field) => [JSON.stringify(field), field])).values()];
  const first = fields[0];
  const more = fields.length > 1 ? `, and ${fields.length - 1} more` : '';
  const detail = first ? `${first.path}: ${first.message}${more}` : 'the request does not fit the schema of this route';
  return new ProblemError('invalid', detail, { fields: fields.slice(0, FIELDS_MAX) });
}

function fieldProblems(
  context: string,
  { instancePath, message = '', params }: NonNullable<FastifyError['validation']>[number],
): FieldProblem[] {
  // zod's own path of the whole value is "/".
  const within = instancePath === '/' ? '' : instancePath;
  const { keys } = params as { keys?: unknown };
  if (!Array.isArray(keys)) return [{ path: context + within, message }];
  // zod names the object that has too much: said of each key that is too much.
  return keys.map((key) => ({
    path: `${context}${within}/${escapePointer(String(key))}`,
    message: 'there is no such field',
  }));
}

function escapePointer(key: string): string {
  return key.slice(0, 128).replaceAll('~', '~0').replaceAll('/', '~1');
}

/** As it is sent. `type` is a name, not an address: nothing is to be fetched. */
export function problemOf(error: ProblemError, request: { url: string; id: string }): Problem {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `urn:threatguard:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    instance: request.url.split('?', 1)[0]!,
    correlation_id: request.id,
    ...(error.fields.length > 0 && { errors: [...error.fields] }),
  };
}
