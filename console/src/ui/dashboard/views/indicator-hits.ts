// Which values of an alert a source lists, whatever raised it.
import type { Alert, LookupIntelResponse } from '@threatguard/proto';
import type { DashboardSource } from '../../../services/dashboard-source.ts';
import type { Look, PageLine } from '../view.ts';
import { wrapped } from './page-parts.ts';

/** What an indicator may be about. */
const FIELDS = [
  'threatguard.indicator.value',
  'source.ip',
  'destination.ip',
  'threatguard.process.stdio_socket.remote_address',
  'dns.question.name',
  'process.hash.sha256',
  'file.hash.sha256',
];
const LOOKUPS_MAX = 6;

/** What sources say of its values; those of which none says anything are left out. */
export async function indicatorHits(source: DashboardSource, { values }: Alert): Promise<LookupIntelResponse[]> {
  const named = [...new Set(FIELDS.map((field) => values?.[field]).filter((value) => value !== undefined))];
  const found = await Promise.all(named.slice(0, LOOKUPS_MAX).map((value) => source.lookupIntel(value)));
  return found.filter(({ indicators }) => indicators?.length);
}

/** `address 203.0.113.7, weighed 80 of 2 sources`, and what each says. */
export function hitLines({ kind, value, indicators }: LookupIntelResponse, look: Look): PageLine[] {
  const place = { view: 'indicator', arg: value ?? '' };
  const heading: PageLine = {
    spans: [
      { text: `  ${kind ?? ''} `, tone: 'dim' },
      { text: value ?? '', tone: 'accent' },
      { text: ` ${indicators?.[0]?.weighed ?? ''}`, tone: 'medium' },
    ],
    place,
    value: value ?? '',
  };
  const claims = (indicators ?? []).flatMap((indicator) => indicator.claims ?? []);
  return [
    heading,
    ...claims.flatMap(({ source, confidence, tlp, about }) =>
      wrapped(`  ${source ?? ''}: confidence ${confidence ?? 0}, TLP ${tlp ?? '-'}${about ? `, ${about}` : ''}`, look, {
        place,
      }),
    ),
  ];
}
