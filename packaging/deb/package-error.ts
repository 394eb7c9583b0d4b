/** A package can't be built here; the message says what is missing and how to get it. */
export class PackageError extends Error {
  override readonly name = 'PackageError';
  readonly code: 'tool_missing' | 'tool_failed' | 'dependency_missing' | 'architecture' | 'no_date' | 'maintainer';

  constructor(code: PackageError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
