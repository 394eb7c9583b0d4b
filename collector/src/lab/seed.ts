import { UsageError } from '../commands/command.ts';

/** The seed that was given, 0 where none was. Throws UsageError. */
export function readSeed(given: string | undefined): number {
  const seed = Number(given ?? 0);
  if (given?.trim() === '' || !Number.isSafeInteger(seed)) throw new UsageError('--seed takes an integer');
  return seed;
}
