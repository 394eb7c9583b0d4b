/** What a record may hold; undefined members are left out. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type JsonRecord = Record<string, JsonValue>;

/** One line of JSON that is safe to show on a terminal and reads back as the same value. */
export function toJson(value: JsonValue): string {
  // JSON itself escapes C0, quotes and lone surrogates. DEL, C1, bidi and zero-width characters are legal in it, and would
  // reach a terminal raw.
  const unsafe = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;
  return JSON.stringify(value).replace(unsafe, (character) =>
    Array.from({ length: character.length }, (_, unit) => {
      return `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}

/** Turns dotted names into objects: `{"rule.id": 1}` becomes `{"rule": {"id": 1}}`. What the members hold stays as it is. */
export function nest(record: JsonRecord): JsonRecord {
  const nested: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(record)) {
    const path = name.split('.');
    let target = nested;
    for (const part of path.slice(0, -1)) {
      target[part] ??= {};
      target = target[part] as Record<string, JsonValue>;
    }
    target[path.at(-1)!] = value;
  }
  return nested;
}
