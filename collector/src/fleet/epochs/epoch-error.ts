export type EpochErrorCode =
  | 'rotation_running'
  | 'no_rotation'
  | 'cannot_pause'
  | 'cannot_abort'
  | 'invalid_request'
  | 'epoch_unknown'
  | 'epoch_in_use'
  | 'fleet_name'
  | 'key_replaced';

/** What is asked of an epoch cannot be done. The message says what the administrator does next. */
export class EpochError extends Error {
  override readonly name = 'EpochError';
  readonly code: EpochErrorCode;

  constructor(code: EpochErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
