import { type handleUnaryCall, status } from '@grpc/grpc-js';
import { AccessError, type AccessErrorCode } from '../access/access-error.ts';
import { ModelError } from '../detect/behaviour/trained/model-error.ts';
import { FeedError } from '../detect/intel/feed-report.ts';
import { IntelError } from '../detect/intel/intel-error.ts';
import { LabelError } from '../fleet/agent-labels.ts';
import { CaError } from '../fleet/authorities.ts';
import { CertificateError } from '../fleet/certificate-authority.ts';
import { CertificationError } from '../fleet/certification.ts';
import { EnrolmentError } from '../fleet/enrolment.ts';
import { EpochError } from '../fleet/epochs/epoch-error.ts';
import { type CallFrom, callFrom } from '../ingest/call-from.ts';
import { ExceptionError } from '../judge/exception-error.ts';
import { RuleBookError } from '../rule-book/rule-book-error.ts';
import { StoreError } from '../store/store-error.ts';

/** An answer that is a refusal. The message says what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: 'not_found' | 'invalid' | 'ambiguous' | 'conflict' | 'rate_limited';

  constructor(code: ApiError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const API_STATUS = {
  not_found: status.NOT_FOUND,
  invalid: status.INVALID_ARGUMENT,
  ambiguous: status.FAILED_PRECONDITION,
  conflict: status.FAILED_PRECONDITION,
  rate_limited: status.RESOURCE_EXHAUSTED,
};

const STORE_STATUS = {
  unavailable: status.UNAVAILABLE,
  rejected: status.INVALID_ARGUMENT,
  timed_out: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
};

const EXCEPTION_STATUS = {
  field: status.INVALID_ARGUMENT,
  rule: status.INVALID_ARGUMENT,
  request: status.INVALID_ARGUMENT,
  limit: status.RESOURCE_EXHAUSTED,
  exists: status.ALREADY_EXISTS,
};

const EPOCH_STATUS = {
  rotation_running: status.FAILED_PRECONDITION,
  no_rotation: status.FAILED_PRECONDITION,
  cannot_pause: status.FAILED_PRECONDITION,
  cannot_abort: status.FAILED_PRECONDITION,
  invalid_request: status.INVALID_ARGUMENT,
  epoch_unknown: status.NOT_FOUND,
  epoch_in_use: status.FAILED_PRECONDITION,
  fleet_name: status.INVALID_ARGUMENT,
  key_replaced: status.FAILED_PRECONDITION,
};

const ACCESS_STATUS: Record<AccessErrorCode, status> = {
  wrong_credentials: status.PERMISSION_DENIED,
  locked: status.RESOURCE_EXHAUSTED,
  not_known: status.PERMISSION_DENIED,
  weak_password: status.INVALID_ARGUMENT,
  name_taken: status.ALREADY_EXISTS,
  name_invalid: status.INVALID_ARGUMENT,
  no_such_user: status.NOT_FOUND,
  no_such_token: status.NOT_FOUND,
  last_admin: status.FAILED_PRECONDITION,
  scope_beyond: status.INVALID_ARGUMENT,
  first_admin_done: status.FAILED_PRECONDITION,
  no_local_password: status.FAILED_PRECONDITION,
  not_vouched: status.PERMISSION_DENIED,
  no_role: status.PERMISSION_DENIED,
  provider_unavailable: status.UNAVAILABLE,
  invalid_settings: status.FAILED_PRECONDITION,
  busy: status.UNAVAILABLE,
};

const MODEL_STATUS = {
  unknown: status.NOT_FOUND,
  busy: status.RESOURCE_EXHAUSTED,
  too_little: status.FAILED_PRECONDITION,
  over_budget: status.FAILED_PRECONDITION,
  malformed: status.DATA_LOSS,
  digest: status.DATA_LOSS,
  signature: status.DATA_LOSS,
  mismatch: status.FAILED_PRECONDITION,
  cancelled: status.CANCELLED,
};

const INTEL_STATUS = {
  invalid: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  scheduled: status.FAILED_PRECONDITION,
  full: status.FAILED_PRECONDITION,
  busy: status.RESOURCE_EXHAUSTED,
};

const RULE_BOOK_STATUS = {
  not_found: status.NOT_FOUND,
  ambiguous: status.FAILED_PRECONDITION,
  invalid: status.INVALID_ARGUMENT,
  too_large: status.INVALID_ARGUMENT,
  busy: status.RESOURCE_EXHAUSTED,
  unsafe: status.FAILED_PRECONDITION,
};

/** The gRPC status of an error; undefined for one that nobody foresaw, which is a bug. */
export function toStatus(error: unknown): { code: status; details: string } | undefined {
  if (error instanceof ApiError) return { code: API_STATUS[error.code], details: error.message };
  if (error instanceof AccessError) return { code: ACCESS_STATUS[error.code], details: error.message };
  if (error instanceof LabelError) return { code: status.INVALID_ARGUMENT, details: error.message };
  if (error instanceof EnrolmentError) return { code: status.PERMISSION_DENIED, details: error.message };
  if (error instanceof RuleBookError) return { code: RULE_BOOK_STATUS[error.code], details: error.message };
  if (error instanceof EpochError) return { code: EPOCH_STATUS[error.code], details: error.message };
  if (error instanceof ModelError) return { code: MODEL_STATUS[error.code], details: error.message };
  if (error instanceof ExceptionError) return { code: EXCEPTION_STATUS[error.code], details: error.message };
  if (error instanceof CertificateError) return { code: status.INVALID_ARGUMENT, details: error.message };
  if (error instanceof CertificationError) return { code: status.PERMISSION_DENIED, details: error.message };
  if (error instanceof CaError) return { code: status.FAILED_PRECONDITION, details: error.message };
  if (error instanceof IntelError) return { code: INTEL_STATUS[error.code], details: error.message };
  if (error instanceof FeedError) return { code: status.INVALID_ARGUMENT, details: error.message };
  if (error instanceof StoreError) {
    const details =
      error.code === 'unavailable' ? `the store does not answer: ${error.message}; try again` : error.message;
    return { code: STORE_STATUS[error.code], details };
  }
  return undefined;
}

/**
 * A unary method as a function of its request. The signal fires when the caller has gone or its deadline has passed. A
 * bug is told to `failed` and answered without its details.
 */
export function unary<Request, Response>(
  answer: (request: Request, from: CallFrom, signal: AbortSignal) => Promise<Response>,
  failed: (error: unknown) => void,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    // Promise.try: what is thrown at once and what is thrown later end in the same place.
    Promise.try(() => answer(call.request, callFrom(call), gone.signal)).then(
      (response) => callback(null, response),
      (error) => {
        const known = toStatus(error);
        if (!known) failed(error);
        callback(known ?? { code: status.INTERNAL, details: 'the collector failed; its log says why' });
      },
    );
  };
}
