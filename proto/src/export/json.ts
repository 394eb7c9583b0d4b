/** What a document for export may hold; undefined members are left out. */
export type ExportValue =
  | string
  | number
  | boolean
  | undefined
  | readonly ExportValue[]
  | { readonly [name: string]: ExportValue };

export type ExportDocument = Record<string, ExportValue>;

/** Where a value stands whose name is also how other names begin. */
const OWN_VALUE = 'value';
/** Names deeper than this are no names of ours: they stay in one piece. */
const NAME_PARTS_MAX = 8;

/**
 * Dotted names as objects: `{"rule.id": 1}` becomes `{"rule": {"id": 1}}`. A name that is a value and the beginning of
 * others keeps its value under `value`. Names may be hostile: objects have no prototype.
 */
export function nestDocument(flat: Readonly<ExportDocument>): ExportDocument {
  const root: ExportDocument = Object.create(null);
  for (const [name, value] of Object.entries(flat)) {
    if (value !== undefined) place(root, partsOf(name), value);
  }
  return root;
}

function partsOf(name: string): string[] {
  const parts = name.split('.');
  return parts.length > NAME_PARTS_MAX || parts.includes('') ? [name] : parts;
}

function place(root: ExportDocument, parts: readonly string[], value: ExportValue): void {
  let target = root;
  for (const part of parts.slice(0, -1)) {
    const there = target[part];
    if (!isBranch(there)) {
      target[part] = Object.create(null);
      if (there !== undefined) (target[part] as ExportDocument)[OWN_VALUE] = there;
    }
    target = target[part] as ExportDocument;
  }
  const last = parts.at(-1)!;
  if (isBranch(target[last])) (target[last] as ExportDocument)[OWN_VALUE] = value;
  else target[last] = value;
}

/** Objects made here, and no value that happens to be one. */
function isBranch(value: ExportValue): value is ExportDocument {
  return typeof value === 'object' && !Array.isArray(value) && Object.getPrototypeOf(value) === null;
}

/** Without members that are undefined, empty lists and empty objects, however deep: schemas take those for statements. */
export function withoutEmpty(document: ExportDocument): ExportDocument {
  return (pruned(document) as ExportDocument | undefined) ?? {};
}

function pruned(value: ExportValue): ExportValue {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items = value.map(pruned).filter((item) => item !== undefined);
    return items.length > 0 ? items : undefined;
  }
  const members = Object.entries(value).flatMap(([name, member]) => {
    const kept = pruned(member);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  // Not through fromEntries alone: a member called __proto__ is a member.
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}

/** Everything beyond printable ASCII, and DEL. */
const NOT_ASCII = /[^\x20-\x7e]/g;

/**
 * One line of JSON in ASCII only: it reads back as the same value, and nothing in it moves a cursor, ends a line of syslog
 * or depends on what a receiver takes for the encoding.
 */
export function exportJson(document: ExportDocument): string {
  return JSON.stringify(document).replace(
    NOT_ASCII,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
