// What one alternative of a STIX pattern looks for, as a value that events are asked for; refused where it is more than a value.
import type { Indicator, Side } from './indicator.ts';
import { endpointText, type NormalisedValue, normalise, type WantedKind } from './normalise.ts';
import { type Comparison, PatternError } from './stix-pattern.ts';

export type PatternValue = NormalisedValue & Partial<Pick<Indicator, 'side'>>;

const SINGLE: Record<string, { kind: WantedKind; side?: Side }> = {
  'ipv4-addr:value': { kind: 'address' },
  'ipv6-addr:value': { kind: 'address' },
  'network-traffic:src_ref.value': { kind: 'address', side: 'source' },
  'network-traffic:dst_ref.value': { kind: 'address', side: 'destination' },
  'domain-name:value': { kind: 'domain' },
  'url:value': { kind: 'url' },
};
/** Of a file, or of the program a process runs; the strongest first. */
const DIGESTS = ['SHA-256', 'SHA-1', 'MD5'];
const HASHES = /^(file|process:(?:image|binary)_ref|file:content_ref)[:.]hashes\.(.+)$/;
const TYPES = new Set(['ipv4-addr', 'ipv6-addr']);

/** Throws PatternError. */
export function patternValue(all: readonly Comparison[]): PatternValue {
  const comparisons = unique(all);
  const [only] = comparisons;
  if (comparisons.length === 1) return single(only!);
  return digest(comparisons) ?? traffic(comparisons) ?? refuse(comparisons);
}

function single(comparison: Comparison): PatternValue {
  const { path, operator, value } = comparison;
  if (HASHES.test(path)) return digest([comparison])!;
  const known = Object.hasOwn(SINGLE, path) ? SINGLE[path]! : undefined;
  if (!known || (operator === 'ISSUBSET' && known.kind !== 'address'))
    throw new PatternError(`patterns about ${path.slice(0, 60)}`);
  return { ...normalise(String(value), known.kind), ...(known.side && { side: known.side }) };
}

/** Several digests of one object: the strongest stands for all, since no other bytes have it. */
function digest(comparisons: readonly Comparison[]): PatternValue | undefined {
  const found = comparisons.map(({ path, operator, value }) => {
    const [, object, algorithm = ''] = HASHES.exec(path) ?? [];
    return { object, algorithm: algorithm.toUpperCase().replace(/^SHA(\d)/, 'SHA-$1'), operator, value };
  });
  const { object } = found[0]!;
  if (!object || found.some((each) => each.object !== object || each.operator !== '=')) return undefined;
  const best = DIGESTS.flatMap((algorithm) => found.filter((each) => each.algorithm === algorithm))[0];
  if (!best) throw new PatternError(`digests by ${found[0]!.algorithm.slice(0, 20)}`);
  if (found.some((each) => each.algorithm === best.algorithm && each.value !== best.value)) {
    throw new PatternError('AND of two digests of one kind');
  }
  const normal = normalise(String(best.value), 'digest');
  const expected = best.algorithm.toLowerCase().replace('-', '');
  return !('refused' in normal) && normal.kind !== expected ? { refused: 'not a digest' } : normal;
}

/** An address at one end of a connection, with the port there; its type says nothing more. */
function traffic(comparisons: readonly Comparison[]): PatternValue | undefined {
  for (const [side, end] of [
    ['source', 'src'],
    ['destination', 'dst'],
  ] as const) {
    const of = (name: string) => comparisons.filter(({ path }) => path === `network-traffic:${end}${name}`);
    const [values, ports, types] = [of('_ref.value'), of('_port'), of('_ref.type')];
    if (values.length !== 1 || ports.length > 1 || types.length > 1) continue;
    if (values.length + ports.length + types.length !== comparisons.length) continue;
    if (types.some(({ value }) => !TYPES.has(String(value)))) continue;
    const found = single(values[0]!);
    if ('refused' in found || ports.length === 0) return found;
    const port = ports[0]!;
    if (found.kind !== 'address' || port.operator !== '=') continue;
    return { ...normalise(endpointText(found.value, Number(port.value)), 'endpoint'), side };
  }
  return undefined;
}

function refuse(comparisons: readonly Comparison[]): never {
  const paths = [...new Set(comparisons.map(({ path }) => path))].slice(0, 3).join(' and ');
  throw new PatternError(`AND of ${paths.slice(0, 120)}`);
}

function unique(comparisons: readonly Comparison[]): Comparison[] {
  return [...new Map(comparisons.map((each) => [JSON.stringify(each), each])).values()];
}
