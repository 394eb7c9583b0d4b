import { isIPv4, isIPv6 } from 'node:net';
import { toEcs } from '../ecs.ts';
import { suggest } from '../suggest.ts';
import { EventClass, Outcome } from '../v1.ts';

/** Fields of which every value is known, with those values. */
const KNOWN: Record<string, readonly string[]> = {
  'event.category': valuesOf(EventClass, (code) => toEcs({ class: code })['event.category']),
  'event.outcome': valuesOf(Outcome, (code) => toEcs({ outcome: code })['event.outcome']),
};

/**
 * Why no event can have this value; undefined where one can. "Nothing matches" would be believed of a mistyped address, too.
 */
export function valueProblem(field: string, value: string): string | undefined {
  if (value.includes('*')) return undefined;
  if (field.endsWith('.ip') && !isAddressOrRange(value)) {
    return `"${value}" is no address, such as 192.0.2.1, and no range of them, such as 10.0.0.0/8`;
  }
  const known = Object.hasOwn(KNOWN, field) ? KNOWN[field]! : undefined;
  if (known && !known.includes(value)) return `${field} is never "${value}"${suggest(value, known)}`;
  return undefined;
}

function isAddressOrRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const bits = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : -1;
  if (prefix === undefined) return bits > 0;
  return more.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

function valuesOf(codes: Record<string, string | number>, named: (code: number) => unknown): string[] {
  const names = Object.values(codes).map((code) => (typeof code === 'number' ? named(code) : undefined));
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}
