// The places of a JSON value, to put something else in one of them.

type Place = readonly (string | number)[];

/** Where texts, numbers and empty things stand; lists are followed as far as their first two. */
export function leavesOf(value: unknown, at: Place = []): Place[] {
  const parts = Array.isArray(value) ? [...value.slice(0, 2).entries()] : isRecord(value) ? Object.entries(value) : [];
  if (value === undefined) return [];
  if (parts.length === 0) return at.length > 0 ? [at] : [];
  return parts.flatMap(([key, each]) => leavesOf(each, [...at, key]));
}

/** A copy with `other` in a place. */
export function replaced<Value>(value: Value, [key, ...rest]: Place, other: unknown): Value {
  if (key === undefined) return other as Value;
  const inner = replaced((value as Record<string | number, unknown>)[key], rest, other);
  if (Array.isArray(value)) return value.with(Number(key), inner) as Value;
  return { ...value, [key]: inner };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
