import type { GetExceptionResponse, RuleException } from '@threatguard/proto';
import { detectionTable, exceptionColumns, exceptionPairs } from '../../../model/exception.ts';
import { shellWord } from '../../../model/shell-words.ts';
import { type Act, list, page } from '../view.ts';
import { heading, said } from './page-parts.ts';

const REFRESH_MS = 10_000;

function removal<Row>(exceptionOf: (row: Row) => RuleException | undefined): Act<Row> {
  const standing = (rows: readonly Row[]) =>
    rows.map(exceptionOf).flatMap((exception) => (exception?.id && !exception.removedAtUs ? exception.id : []));
  return {
    key: 'X',
    label: 'take back',
    asks: (rows) => {
      const ids = standing(rows);
      const which = ids.length === 1 ? 'this exception' : `${ids.length} exceptions`;
      return ids.length > 0
        ? { kind: 'confirm', question: `take ${which} back? What comes from now on raises alerts again` }
        : undefined;
    },
    run: async (source, rows) => {
      const ids = standing(rows);
      for (const id of ids) await source.removeException(id);
      return ids.length === 1 ? 'taken back' : `${ids.length} taken back`;
    },
  };
}

export const exceptions = list<RuleException>({
  name: 'exceptions',
  aliases: ['x', 'exc', 'hidden'],
  summary: 'what raises no alerts, and how much it has hidden',
  refreshMs: REFRESH_MS,
  command: () => 'threatguard alerts exceptions list --ended',
  rows: (source) => source.listExceptions(true),
  id: ({ id }) => id ?? '',
  columns: (look) =>
    exceptionColumns(look).map((column) =>
      column.title === 'HIDDEN' ? { ...column, order: ({ hidden }: RuleException) => hidden ?? 0 } : column,
    ),
  open: ({ id }) => ({ view: 'exception', arg: id ?? '' }),
  acts: [removal((exception) => exception)],
  empty: 'no exceptions; x on an alert makes one',
});

export const exception = page<GetExceptionResponse>({
  name: 'exception',
  aliases: [],
  summary: 'one exception, and the newest of what it has hidden',
  takes: 'an id, or how it begins',
  refreshMs: REFRESH_MS,
  command: (id) => `threatguard alerts exceptions show ${shellWord(id)}`,
  load: (source, id) => source.getException(id),
  lines: ({ exception: shown, hidden }, look) => [
    ...exceptionPairs(shown ?? {}, look).map((text) => said(`  ${text}`)),
    ...heading('The newest it has hidden'),
    ...(hidden?.length
      ? detectionTable(hidden, { utc: look.utc, columns: look.columns - 2 }).map((text) => said(`  ${text}`))
      : [said('  nothing that is kept', 'dim')]),
  ],
  acts: [removal(({ exception: shown }) => shown ?? undefined)],
});
