// A terminal's screen, as tmux tells it with colours (`capture-pane -e`), as a picture: the same text gives the same bytes.

/** Of one cell, in pixels. */
const CELL = { width: 8.4, height: 18, font: 14, baseline: 13 };
const MARGIN = 12;
const BACKGROUND = '#14161a';
const FOREGROUND = '#d4d7dd';
/** The 16 colours every terminal has, in its order. */
const PALETTE = [
  ...['#3a3f4b', '#e05f65', '#78b978', '#d9a94f', '#5f9edb', '#b57edc', '#56b6c2', '#c8ccd4'],
  ...['#6b7280', '#ff7b81', '#98d998', '#f2c66d', '#82b8f0', '#d09cf2', '#7bd3de', '#ffffff'],
];
const DIM_OPACITY = 0.6;

interface Style {
  colour: string | undefined;
  background: string | undefined;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
}

interface Run {
  text: string;
  style: Style;
}

const PLAIN: Style = { colour: undefined, background: undefined, bold: false, dim: false, inverse: false };

/** An SVG of a screen of so many columns; `title` is what it is called where it cannot be seen. */
export function ansiToSvg(
  screen: string,
  { columns, rows, title }: { columns: number; rows: number; title: string },
): string {
  let style = PLAIN;
  const drawn = screen
    .split('\n')
    .slice(0, rows)
    .map((line, row) => {
      const { runs, after } = runsOf(line, style);
      style = after;
      return drawLine(runs, row);
    });
  const width = Math.round(columns * CELL.width + 2 * MARGIN);
  const height = rows * CELL.height + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${markup(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    `<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${CELL.font}" fill="${FOREGROUND}" xml:space="preserve">`,
    ...drawn.filter(Boolean),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Stretches of one style; anything but SGR is no part of what tmux tells. */
function runsOf(line: string, before: Style): { runs: Run[]; after: Style } {
  const runs: Run[] = [];
  let style = before;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what begins a change of style.
  for (const [, codes, text] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b\u000e\u000f]+)/g)) {
    if (text === undefined) style = styled(style, (codes ?? '').split(';').map(Number));
    else runs.push({ text, style });
  }
  return { runs, after: style };
}

function styled(style: Style, codes: number[]): Style {
  const next = { ...style };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!;
    if (code === 0) Object.assign(next, PLAIN);
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 22) next.bold = next.dim = false;
    else if (code === 7 || code === 27) next.inverse = code === 7;
    else if (code === 38 || code === 48) {
      const { colour, taken } = extended(codes.slice(at + 1));
      next[code === 38 ? 'colour' : 'background'] = colour;
      at += taken;
    } else if (code === 39) next.colour = undefined;
    else if (code === 49) next.background = undefined;
    else if (code >= 30 && code <= 37) next.colour = PALETTE[code - 30];
    else if (code >= 90 && code <= 97) next.colour = PALETTE[code - 82];
    else if (code >= 40 && code <= 47) next.background = PALETTE[code - 40];
    else if (code >= 100 && code <= 107) next.background = PALETTE[code - 92];
  }
  return next;
}

function extended([kind, ...rest]: number[]): { colour: string | undefined; taken: number } {
  if (kind === 5) return { colour: PALETTE[rest[0]!] ?? FOREGROUND, taken: 2 };
  const [red = 0, green = 0, blue = 0] = rest;
  return { colour: `rgb(${red},${green},${blue})`, taken: 4 };
}

function drawLine(runs: readonly Run[], row: number): string {
  const top = MARGIN + row * CELL.height;
  const boxes: string[] = [];
  const texts: string[] = [];
  let column = 0;
  for (const { text, style } of runs) {
    const cells = [...text].length;
    const x = round(MARGIN + column * CELL.width);
    const width = round(cells * CELL.width);
    const { ink, paper } = inksOf(style);
    if (paper) boxes.push(`<rect x="${x}" y="${top}" width="${width}" height="${CELL.height}" fill="${paper}"/>`);
    if (text.trim()) {
      const look = [
        ink ? ` fill="${ink}"` : '',
        style.bold ? ' font-weight="bold"' : '',
        style.dim ? ` opacity="${DIM_OPACITY}"` : '',
      ].join('');
      // The length is said, so that columns stay aligned in whatever font there is.
      texts.push(
        `<text x="${x}" y="${top + CELL.baseline}" textLength="${width}" lengthAdjust="spacingAndGlyphs"${look}>${markup(text)}</text>`,
      );
    }
    column += cells;
  }
  return [...boxes, ...texts].join('');
}

function inksOf({ colour, background, inverse }: Style): { ink: string | undefined; paper: string | undefined } {
  if (!inverse) return { ink: colour, paper: background };
  return { ink: background ?? BACKGROUND, paper: colour ?? FOREGROUND };
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}

function markup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(' ', '\u00a0');
}
