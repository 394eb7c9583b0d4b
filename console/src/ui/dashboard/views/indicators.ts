import type { IntelIndicator } from '@threatguard/proto';
import { indicatorColumns } from '../../../model/intel.ts';
import { list } from '../view.ts';

const INDICATORS_MAX = 500;
const REFRESH_MS = 30_000;

export const indicators = list<IntelIndicator>({
  name: 'indicators',
  aliases: ['intel', 'ioc'],
  summary: 'what events are held against',
  refreshMs: REFRESH_MS,
  command: () => `threatguard intel list --limit ${INDICATORS_MAX}`,
  rows: (source) => source.listIntel({}, INDICATORS_MAX),
  id: ({ kind, value }) => `${kind ?? ''} ${value ?? ''}`,
  columns: (look) => indicatorColumns(look.nowMs),
  empty: 'no indicators; "threatguard intel import FILE --source NAME" brings some',
});
