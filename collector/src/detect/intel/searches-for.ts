import type { FieldFilter } from '@threatguard/proto';
import type { IndicatorValue } from './indicator.ts';

/** Searches of stored events that find those with a value; any of them does. What they find may be more than what matches. */
export function searchesFor({ kind, value }: IndicatorValue): FieldFilter[][] {
  const one = (field: string, text = value): FieldFilter[] => [{ field, value: text }];
  switch (kind) {
    case 'address':
    case 'network':
      return [one('destination.ip'), one('source.ip')];
    case 'endpoint': {
      const end = value.lastIndexOf(':');
      const address = value.slice(0, end).replace(/^\[|\]$/g, '');
      const port = value.slice(end + 1);
      return ['destination', 'source'].map((side) => [...one(`${side}.ip`, address), ...one(`${side}.port`, port)]);
    }
    case 'domain':
      return [
        one('dns.question.name'),
        one('dns.question.name', `*.${value}`),
        one('process.command_line', `*://*${value}*`),
      ];
    case 'url':
      return [one('process.command_line', `*${value.replace(/^(\w+:\/\/[^/]+)\/$/, '$1')}*`)];
    case 'sha256':
      return [one('process.hash.sha256'), one('file.hash.sha256')];
    default:
      return [];
  }
}
