import { type ServiceError, status } from '@grpc/grpc-js';
import { LOGIN_METADATA } from '@threatguard/proto';
import { ConsoleError, type ConsoleErrorCode } from '../model/console-error.ts';

const CODES: Partial<Record<status, ConsoleErrorCode>> = {
  [status.INVALID_ARGUMENT]: 'usage',
  [status.OUT_OF_RANGE]: 'usage',
  [status.NOT_FOUND]: 'not_found',
  [status.UNAUTHENTICATED]: 'refused',
  [status.PERMISSION_DENIED]: 'refused',
  [status.UNAVAILABLE]: 'unreachable',
  [status.DEADLINE_EXCEEDED]: 'unreachable',
};

/** The one place where a failed call becomes what a person reads. */
export function toConsoleError(error: ServiceError, collector: string): ConsoleError {
  const code = isAnsweredDeadline(error) ? 'failure' : (CODES[error.code] ?? 'failure');
  return new ConsoleError(code, explain(error, code, collector), { cause: error });
}

/** The collector gave up, and says what to ask instead. Of this side's limit gRPC says "Deadline exceeded ...". */
function isAnsweredDeadline({ code, details }: ServiceError): boolean {
  return code === status.DEADLINE_EXCEEDED && !/^(Deadline exceeded|$)/.test(details ?? '');
}

function explain(error: ServiceError, code: ConsoleErrorCode, collector: string): string {
  const details = error.details || error.message;
  if (isAnsweredDeadline(error)) return details;
  if (error.code === status.DEADLINE_EXCEEDED) {
    return `the collector at ${collector} did not answer in time; see "threatguard status" and its log in HOME/logs`;
  }
  if (code === 'unreachable') {
    if (!/No connection established|ECONNREFUSED|ECONNRESET|dropped/i.test(details)) {
      return `the collector at ${collector} is not available: ${details}`;
    }
    if (/certificate|handshake|self.signed|tlsv1|SSL/i.test(details)) {
      return `the collector at ${collector} could not be trusted (${details}); is this --home of the same deployment?`;
    }
    return `no collector answers at ${collector}; start it with "npm start" or "threatguard up"`;
  }
  if (error.metadata?.get(LOGIN_METADATA).length) return details;
  if (code === 'refused') return `the collector at ${collector} refused this console: ${details}`;
  return details;
}
