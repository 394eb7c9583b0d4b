import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VIEWS } from '../../console/src/ui/dashboard/views/index.ts';
import { ansiToSvg } from '../support/ansi-svg.ts';
import { ROOT } from '../support/source-files.ts';

const ESC = '\u001b';
const readme = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('the pictures of the dashboard (npm run captures)', () => {
  it.each(VIEWS.map(({ name }) => name))('there is one of %s, marked as demo data, and the README shows it', (name) => {
    const svg = readme(`console/captures/${name}.svg`);
    expect(svg).toContain(`<title>ThreatGuard\u00a0dashboard,\u00a0${name}:\u00a0demo\u00a0data</title>`);
    expect(svg).toMatch(/>\u00a0DEMO\u00a0</);
    expect(readme('console/README.md')).toContain(`](captures/${name}.svg)`);
  });

  it('the README of the whole shows some that exist', () => {
    const shown = [...readme('README.md').matchAll(/\]\((console\/captures\/[a-z]+\.svg)\)/g)].map(([, path]) => path!);
    expect(shown.length).toBeGreaterThanOrEqual(4);
    expect(shown.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('a screen as a picture', () => {
  const draw = (screen: string) => ansiToSvg(screen, { columns: 20, rows: 2, title: 'a <b>' });

  it('keeps text, colours and what is inverse, and says how long each stretch is', () => {
    const svg = draw(`plain ${ESC}[31;1mred${ESC}[0m\n${ESC}[7mturned${ESC}[27m`);
    expect(svg).toContain('>plain\u00a0</text>');
    expect(svg).toMatch(/textLength="25.2"[^>]*fill="#e05f65" font-weight="bold">red</);
    expect(svg).toMatch(/<rect [^>]*width="50.4"[^>]*fill="#d4d7dd"\/><text [^>]*fill="#14161a">turned</);
    expect(draw('x')).toBe(draw('x'));
  });

  it('makes no markup of what is on the screen', () => {
    const svg = draw('<script>&</script>');
    expect(svg).toContain('&lt;script&gt;&amp;&lt;/script&gt;');
    expect(svg).toContain('<title>a\u00a0&lt;b&gt;</title>');
    expect(svg).not.toContain('<script>');
  });
});
