import type { IntelIndicator, LookupIntelResponse } from '@threatguard/proto';
import { indicatorColumns, lookupLines } from '../../../model/intel.ts';
import { shellWord } from '../../../model/shell-words.ts';
import { list, page } from '../view.ts';
import { said } from './page-parts.ts';
import { pivotTo } from './pivots.ts';

const INDICATORS_MAX = 500;
const REFRESH_MS = 30_000;
/** By which field of events one goes on from an indicator. */
const FIELDS: Record<string, string> = { address: 'source.ip', network: 'source.ip', sha256: 'process.hash.sha256' };

const pivots = ({ kind, value }: { kind?: string | null; value?: string | null }) => {
  const field = FIELDS[kind ?? ''];
  return field && value ? [pivotTo(field, value, kind ?? '')] : [];
};

export const indicators = list<IntelIndicator>({
  name: 'indicators',
  aliases: ['intel', 'ioc'],
  summary: 'what events are held against',
  refreshMs: REFRESH_MS,
  command: () => `threatguard intel list --limit ${INDICATORS_MAX}`,
  rows: (source) => source.listIntel({}, INDICATORS_MAX),
  id: ({ kind, value }) => `${kind ?? ''} ${value ?? ''}`,
  columns: (look) => indicatorColumns(look.nowMs),
  open: ({ value }) => (value ? { view: 'indicator', arg: value } : undefined),
  pivots,
  empty: 'no indicators; "threatguard intel import FILE --source NAME" brings some',
});

export const indicator = page<LookupIntelResponse>({
  name: 'indicator',
  aliases: ['lookup'],
  summary: 'what sources say of a value',
  takes: 'an address, a domain, a URL or a digest',
  refreshMs: REFRESH_MS,
  command: (value) => `threatguard intel lookup ${shellWord(value)}`,
  load: (source, value) => source.lookupIntel(value),
  lines: (found, look) =>
    lookupLines(found, look).map((text, index) => ({
      ...said(`  ${text}`, index === 0 ? 'title' : undefined),
      value: found.value ?? '',
    })),
  pivots,
});
