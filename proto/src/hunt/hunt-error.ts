/** Why a hunt cannot be read, and where in its text; `length` characters from `at` are meant. */
export class HuntError extends Error {
  override readonly name = 'HuntError';
  readonly at: number;
  readonly length: number;

  constructor(message: string, place: { at: number; length: number }) {
    super(message);
    this.at = place.at;
    this.length = Math.max(1, place.length);
  }
}
