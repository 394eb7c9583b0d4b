// /usr/share/doc/PACKAGE/copyright, in Debian's machine-readable form (DEP 5), from the licences in node_modules.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { NpmPackage } from './dependency-closure.ts';

const LICENSE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
const OURS = 'Apache-2.0';
const APACHE = 'On Debian systems the whole text stands in /usr/share/common-licenses/Apache-2.0.';

export function copyrightFile(parts: { root: string; library: string; packages: NpmPackage[] }): string {
  const { root, library, packages } = parts;
  const node = join(root, 'node_modules', 'node', 'node_modules', `node-linux-${process.arch}`, 'LICENSE');
  /** Licence text -> its name here, so that a text shared by forty packages stands once. */
  const texts = new Map<string, string>();
  const nameOf = (licence: string, text: string) => {
    const known = texts.get(text);
    if (known) return known;
    const name = `${(licence || 'unnamed').replaceAll(/[^A-Za-z0-9.+-]+/g, '-')}-${texts.size + 1}`;
    texts.set(text, name);
    return name;
  };
  const stanzas = [
    ['Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/', 'Upstream-Name: ThreatGuard'],
    ['Files: *', 'Copyright: the ThreatGuard authors', `License: ${OURS}`],
    [
      `Files: ${library}/bin/node`,
      'Copyright: Node.js contributors, and those named in the text',
      `License: ${nameOf('Node.js', readFileSync(node, 'utf8'))}`,
    ],
    ...packages.map((found) => {
      const text = licenceText(found.directory);
      const place = join(library, relative(root, found.directory));
      const licence = text ? nameOf(found.license, text) : found.license;
      return [
        `Files: ${place}/*`,
        `Copyright: ${holders(text, found.name)}`,
        `License: ${licence}`,
        `Comment: ${found.name} ${found.version}`,
      ];
    }),
    [`License: ${OURS}`, ...continued(APACHE)],
    ...[...texts].map(([text, name]) => [`License: ${name}`, ...continued(isApache(text) ? APACHE : text)]),
    ...bareLicences(packages),
  ];
  return `${stanzas.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Packages without a licence text of their own name one of the known licences. */
function bareLicences(packages: NpmPackage[]): string[][] {
  const bare = packages.filter(({ directory, license }) => !licenceText(directory) && license !== OURS);
  return [...new Set(bare.map(({ license }) => license))].sort().map((license) => {
    const names = bare.filter((found) => found.license === license).map(({ name }) => name);
    return [
      `License: ${license}`,
      ...continued(`The text is not part of ${names.join(', ')}; see https://spdx.org/licenses/${license}.html`),
    ];
  });
}

function licenceText(directory: string): string {
  if (!existsSync(directory)) return '';
  const files = readdirSync(directory)
    .filter((name) => LICENSE_FILE.test(name))
    .sort();
  return files.map((name) => readFileSync(join(directory, name), 'utf8').trim()).join('\n\n');
}

/** The licence and nothing else; Debian brings it along. */
function isApache(text: string): boolean {
  return /^\s*Apache License\s+Version 2\.0, January 2004/.test(text) && text.length < 13_000;
}

function holders(text: string, name: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const stated = lines
    .filter((line) => /^copyright\b.*(\d{4}|\(c\)|©)/i.test(line))
    .map((line) => line.replace(/^copyright\s*/i, ''));
  return [...new Set(stated)].slice(0, 8).join('\n  ') || `the authors of ${name}`;
}

function continued(text: string): string[] {
  const printable = text.replaceAll('\r', '').replaceAll(/[^\P{Cc}\n\t]/gu, '');
  return printable
    .trim()
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`));
}
