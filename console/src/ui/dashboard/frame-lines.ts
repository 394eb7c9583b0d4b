// The whole screen as lines: what is running, where one is, the view, what is typed or said, and the keys. Pure.
import { printable, wrap } from '../../model/printable.ts';
import { rowFilter } from '../../model/row-filter.ts';
import type { Overlay, Snapshot } from './dashboard-state.ts';
import { listLines } from './list-lines.ts';
import { crumb, isList, type PlaceState, scrolledTo, shownLines } from './place-state.ts';
import { asciiLine, fitLine, highlight, type Line, line, lineWidth, type Span, span } from './spans.ts';
import type { Look, PageView, View } from './view.ts';

/** Status, breadcrumbs, and below the view the prompt and the keys. */
const LINES_AROUND = 4;

export interface FrameParts {
  snapshot: Snapshot;
  view: View;
  collector: string;
  look: Look;
  /** Most important first, for the last line. */
  keys: readonly string[];
  readonly: boolean;
  /** What a command that is being typed could become. */
  candidates: readonly string[];
}

/** Exactly `look.rows` lines of at most `look.columns`. */
export function frameLines(parts: FrameParts): Line[] {
  const { snapshot, view, look, keys, candidates } = parts;
  const state = snapshot.stack.at(-1)!;
  const body = { ...look, rows: Math.max(1, look.rows - LINES_AROUND) };
  const shown = bodyLines(view, state, body);
  const overlaid = snapshot.overlay ? over(shown.lines, snapshot.overlay, body) : shown.lines;
  const filled = Array.from({ length: body.rows }, (_, row) => overlaid[row] ?? line(''));
  const all = [
    statusLine(parts),
    crumbsLine(parts, state, shown.place),
    ...filled,
    promptLine(snapshot, state, candidates),
    keysLine(keys, look.columns),
  ].map((each) => fitLine(each, look.columns));
  return look.ascii ? all.map(asciiLine) : all;
}

function bodyLines(view: View, state: PlaceState, look: Look): { lines: readonly Line[]; place: string } {
  if (isList(view)) {
    const { lines, count, at } = listLines(view, state, look);
    return { lines, place: count > 0 ? `${at + 1}/${count}` : '' };
  }
  if (state.data === undefined) {
    const why = state.trouble || 'asking the collector';
    return { lines: [line(''), line(`  ${why}`, state.trouble ? 'bad' : 'dim')], place: '' };
  }
  return pageLines(view, state, look);
}

function pageLines(view: PageView<unknown>, state: PlaceState, look: Look): { lines: readonly Line[]; place: string } {
  const all = shownLines(view.lines(state.data, look), state.filter);
  const at = Math.min(Number(state.selected ?? 0), Math.max(0, all.length - 1));
  const top = scrolledTo(at, state.top, look.rows, all.length);
  const lines = all
    .slice(top, top + look.rows)
    .map(({ spans }, index) =>
      top + index === at && state.selected !== undefined ? highlight(spans, look.columns) : spans,
    );
  const place = all.length > look.rows ? `${Math.min(all.length, top + look.rows)}/${all.length}` : '';
  return { lines, place };
}

const WAYS = { nats: 'NATS', grpc: 'gRPC', none: 'no alerts' } as const;

function statusLine({ snapshot, collector, look, readonly }: FrameParts): Line {
  const { status, trouble, way, paused, held, who } = snapshot;
  const flags: Span[] = [
    ...(status?.demo ? [span(' DEMO ', 'selected')] : []),
    ...(paused ? [span(` PAUSED${held > 0 ? ` ${held} new` : ''} `, 'selected')] : []),
    ...(who ? [span(` ${who}`, 'dim')] : []),
    ...(readonly ? [span(' read-only', 'dim')] : []),
    span(` ${WAYS[way]}`, way === 'none' ? 'bad' : way === 'nats' ? 'good' : 'medium'),
  ];
  const fixed = lineWidth([span('ThreatGuard '), ...flags]) + 1;
  const said = trouble
    ? [span('ThreatGuard ', 'title'), span(`no answer: ${trouble}`, 'bad')]
    : [
        span('ThreatGuard ', 'title'),
        span(
          status
            ? wholeParts(
                [
                  collector,
                  `${status.alertsOpen ?? 0} not closed`,
                  `agents ${status.agentsConnected ?? 0}/${status.agentsEnrolled ?? 0}`,
                  `${(status.eventsPerSecond ?? 0).toFixed(1)} events/s`,
                ],
                look.columns - fixed,
              )
            : `${collector}  asking the collector`,
        ),
      ];
  return apart(said, flags, look.columns);
}

function crumbsLine({ snapshot, look }: FrameParts, state: PlaceState, place: string): Line {
  const way = snapshot.stack.map(crumb);
  // Where one is stays to be read, however long the way back.
  let former = way.slice(0, -1);
  const length = () => [...former, way.at(-1)!].join(' > ').length;
  while (former.length > 0 && length() > look.columns / 2) former = former.slice(1);
  const before = [...(former.length < way.length - 1 ? ['..'] : []), ...former].map((each) => `${each} > `);
  const said: Span[] = [span(before.join(''), 'dim'), span(way.at(-1)!, 'accent')];
  if (state.filter) said.push(span(`  /${state.filter}`, 'medium'));
  if (state.marks.size > 0) said.push(span(`  ${state.marks.size} marked`, 'medium'));
  if (state.trouble && state.data !== undefined) said.push(span(`  not current: ${state.trouble}`, 'bad'));
  return apart(said, [span(place, 'dim')], look.columns);
}

function promptLine({ overlay, message }: Snapshot, { filter }: PlaceState, candidates: readonly string[]): Line {
  if (overlay?.kind === 'prompt') {
    const problem = overlay.purpose === 'filter' ? rowFilter(overlay.text).problem : '';
    const more = overlay.purpose === 'command' ? candidates.join(' ') : problem;
    const tone = problem ? 'bad' : 'dim';
    return [span(overlay.label, 'title'), span(`${overlay.text}_`), span(more ? `   ${more}` : '', tone)];
  }
  if (message) return line(message.text, message.tone);
  const problem = filter ? rowFilter(filter).problem : '';
  if (problem) return line(`filter /${filter}: ${problem}`, 'bad');
  return line(filter ? `filter /${filter}: esc clears it` : '', 'dim');
}

/** As many keys as fit, whole. */
function keysLine(keys: readonly string[], columns: number): Line {
  return line(keys[0]!.length > columns ? '' : wholeParts(keys, columns), 'dim');
}

/** The first part, and as many others as fit whole: half a number is a wrong one. */
function wholeParts([first = '', ...others]: readonly string[], columns: number): string {
  let text = first;
  for (const part of others) {
    const longer = `${text}  ${part}`;
    if (longer.length > columns) break;
    text = longer;
  }
  return text;
}

/** Left and right of one line; the left is cut where there is no room for both. */
function apart(left: Line, right: Line, columns: number): Line {
  const rightColumns = lineWidth(right);
  const fitted = fitLine(left, Math.max(0, columns - rightColumns - 1));
  const gap = ' '.repeat(Math.max(0, columns - rightColumns - lineWidth(fitted)));
  return [...fitted, span(gap), ...right];
}

/** Help and menus stand over the view, from its first line. */
function over(lines: readonly Line[], overlay: Overlay, look: Look): readonly Line[] {
  if (overlay.kind === 'prompt') return lines;
  const room = Math.max(1, look.rows - 2);
  const content =
    overlay.kind === 'menu'
      ? overlay.choices.map(({ key, label }) => `${key.padStart(3)}  ${label}`)
      : overlay.lines.flatMap((text) => (text ? wrap(printable(text), Math.max(8, look.columns - 4), 8) : ['']));
  const top = overlay.kind === 'paper' ? Math.min(overlay.top, Math.max(0, content.length - room)) : 0;
  const shown = content.slice(top, top + room).map((text) => line(`  ${text}`));
  const more = content.length > top + room ? `  ${content.length - top - room} more below` : '';
  return [highlight(line(` ${overlay.title}`), look.columns), ...shown, line(more, 'dim')];
}
