/** Why a command ended without doing what it was asked. */
export type ConsoleErrorCode =
  | 'failure'
  | 'usage'
  | 'unreachable'
  | 'not_found'
  | 'refused'
  | 'unproven'
  | 'unreadable';

/** Exit codes, stable and documented in the README. */
export const EXIT_CODES: Record<ConsoleErrorCode, number> = {
  failure: 1,
  usage: 2,
  unreachable: 3,
  not_found: 4,
  refused: 5,
  unproven: 6,
  unreadable: 7,
};

/** What every command throws. The message is for people and says what to do next; it may hold host text. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  readonly code: ConsoleErrorCode;

  constructor(code: ConsoleErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether there was no collector to ask: one that starts again may be asked again. */
export function isUnreachable(error: unknown): error is ConsoleError {
  return error instanceof ConsoleError && error.code === 'unreachable';
}
