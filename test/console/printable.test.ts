import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCsvLine } from '../../console/src/model/csv.ts';
import { nest, toJson } from '../../console/src/model/json.ts';
import { fit as fitColumns, printable, truncate, width, wrap } from '../../console/src/model/printable.ts';
import { renderTable } from '../../console/src/model/table.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';

describe('host text on its way to a terminal', () => {
  it.each([
    ['an escape sequence', '\u001b[2J', '\\x1b[2J'],
    ['an OSC 52 that would set the clipboard', '\u001b]52;c;eA==\u0007', '\\x1b]52;c;eA==\\x07'],
    ['C1 controls', '\u009b31m\u0085', '\\x9b31m\\x85'],
    ['NUL and DEL', '\u0000\u007f', '\\x00\\x7f'],
    ['line ends and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
    ['a bidi override', 'exe\u202etxt', 'exe\\u202etxt'],
    ['bidi isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['zero-width characters', 'a\u200bb\u200cc\u200dd\ufeffe', 'a\\u200bb\\u200cc\\u200dd\\ufeffe'],
    ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['a lone surrogate', '\ud800x', '\\ud800x'],
    ['tag characters', '\u{e0041}', '\\u{e0041}'],
    ['a variation selector', '\u2764\ufe0f', '\u2764\\ufe0f'],
    ['a filler that is drawn as nothing', '\u3164', '\\u3164'],
    ['a combining mark without a letter', '\u0301a', '\\u0301a'],
    ['marks stacked on one letter', `e${'\u0301'.repeat(6)}`, `e${'\u0301'.repeat(4)}\\u0301\\u0301`],
  ])('shows %s', (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it.each([['Grüße'], ['日本語'], ['e\u0301a'], ['ελληνικά עברית'], ['🔥'], ["rm -rf '$HOME'; echo \\"]])(
    'leaves %s alone',
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  it('never lets anything through that a terminal acts on, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !RAW.test(printable(text))));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !RAW.test(printable(Buffer.from(bytes).toString()))),
    );
  });

  it('cuts and fills to exactly the columns asked for, wide and combining characters included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 60 }), (text, columns) => {
        expect(width(fitColumns(printable(text), columns))).toBe(columns);
        for (const line of wrap(printable(text), columns, 3)) expect(width(line)).toBeLessThanOrEqual(columns);
      }),
    );
    expect(truncate('日本語日本語', 6)).toBe('日本…');
    expect(width(truncate('x'.repeat(10_000), 80))).toBe(80);
  });
});

describe('a table', () => {
  const columns = [
    { title: 'NAME', cell: (row: string[]) => row[0]!, shrink: true as const },
    { title: 'TEXT', cell: (row: string[]) => row[1]!, shrink: true as const },
    { title: 'N', cell: (row: string[]) => row[2]!, align: 'right' as const },
  ];
  const rows = [
    ['web-1', 'plain', '1'],
    ['日本', HOSTILE, '22'],
    ['e\u0301', 'y'.repeat(10_000), '333'],
  ];

  it('keeps its columns aligned and within the terminal, whatever is in the cells', () => {
    const lines = renderTable(columns, rows, 60);
    expect(new Set(lines.map(width))).toEqual(new Set([60]));
    for (const line of lines) expect(line).not.toMatch(RAW);
  });

  it('cuts nothing in a pipe', () => {
    expect(renderTable(columns, rows).at(-1)).toContain('y'.repeat(10_000));
  });
});

describe('other forms of the same model', () => {
  it('escape in JSON what JSON would let through, and read back as the same value', () => {
    const line = toJson({ text: HOSTILE });
    expect(line).not.toMatch(RAW);
    expect(JSON.parse(line)).toEqual({ text: HOSTILE });
  });

  it('nest dotted names', () => {
    expect(nest({ 'ca.sha256': 'x', 'rule.id': 'r', 'rule.title': 't', a: 1 })).toEqual({
      ca: { sha256: 'x' },
      rule: { id: 'r', title: 't' },
      a: 1,
    });
  });

  it.each([
    ['quotes and commas', ['a"b', 'c,d'], '"a""b","c,d"'],
    ['lists', [['T1', 'T2']], '"[""T1"",""T2""]"'],
    ['what is absent', [undefined, null, 0, false], ',,0,false'],
    ['what a spreadsheet would run', ['=1+1', '-1', -1], "'=1+1,'-1,-1"],
    ['hostile text', [HOSTILE], toCsvLine([printable(HOSTILE)])],
  ])('write %s as CSV', (_what, values, line) => {
    expect(toCsvLine(values)).toBe(line);
    expect(toCsvLine(values)).not.toMatch(RAW);
  });
});
