// The Common Event Format, version 0: `CEF:0|vendor|product|version|class|name|severity|key=value key=value`.
//
// In the head a backslash and a pipe are escaped, in a value of the extension a backslash and an equals sign, and line ends
// are \n and \r; nothing else has an escape. What else would move a terminal or hide in a log (controls, bidi, zero width)
// has none, so it is written as text: U+001B as `\\u{1b}`, a backslash and what follows it.

/** Line ends aside, what must not stand in a line of text. */
const UNSAFE = /[^\P{Cc}\r\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const KEY = /^[A-Za-z0-9_]+$/;

const visible = (text: string) => text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** Cut at a number of characters, and never within one. */
function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax
    ? text
    : text
        .slice(0, charactersMax)
        .toWellFormed()
        .replace(/\uFFFD$/, '');
}

/** A field of the head. It has no escape for line ends: they become spaces. */
function cefHeadField(text: string): string {
  return visible(text)
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\|]/g, '\\$&');
}

/** A value of the extension. */
function cefValue(text: string): string {
  return visible(text).replace(/[\\=]/g, '\\$&').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

/** One member of the extension; `charactersMax` is what the format allows for its key. */
export interface CefMember {
  key: string;
  value: string | number | undefined;
  charactersMax?: number;
}

export interface CefRecord {
  vendor: string;
  product: string;
  version: string;
  /** Device event class id: what kind of thing this is. */
  classId: string;
  name: string;
  /** 0 to 10. */
  severity: number;
  extension: readonly CefMember[];
}

/** Of the name of an event: the format has no limit there, receivers do. */
const NAME_CHARACTERS_MAX = 512;
/** What the format allows for most keys. */
const VALUE_CHARACTERS_MAX = 1023;
const CUSTOM_CHARACTERS_MAX = 4000;

/** One of the six strings a product may name itself; nothing where it is empty. */
export function customString(number: number, label: string, value: string | undefined): CefMember[] {
  if (!value) return [];
  return [
    { key: `cs${number}Label`, value: label },
    { key: `cs${number}`, value, charactersMax: CUSTOM_CHARACTERS_MAX },
  ];
}

/** One line, without its end. */
export function formatCef(record: CefRecord): string {
  const head = [record.vendor, record.product, record.version, record.classId, record.name]
    .map((field) => cefHeadField(cut(field, NAME_CHARACTERS_MAX)))
    .join('|');
  const extension = record.extension
    .filter(({ key, value }) => value !== undefined && value !== '' && KEY.test(key))
    .map(
      ({ key, value, charactersMax }) =>
        `${key}=${cefValue(cut(String(value), charactersMax ?? VALUE_CHARACTERS_MAX))}`,
    )
    .join(' ');
  return `CEF:0|${head}|${record.severity}|${extension}`;
}
