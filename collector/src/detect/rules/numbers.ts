import type { FieldValue } from './fields.ts';

const DECIMAL = /^\s*[-+]?\d+(\.\d+)?([eE][-+]?\d{1,3})?\s*$/;

/** The number a field holds, also as decimal text; undefined where it holds none. */
export function readNumber(value: FieldValue): number | undefined {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
