// What of the inventory is new or gone. State: the entries of each kind as they were last told, on disk too, so that after a restart
// only the difference is told.
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { Activity, EventClass, FIELD_ENTRIES_MAX, type HostEvent } from '@threatguard/proto';
import type { SensorSink } from '../sensor.ts';
import type { InventoryKind } from './inventory.ts';

/** Entries of one kind; beyond it a host is not counted but said to be cut. */
const ENTRIES_MAX = 50_000;
const ENTRY_LENGTH_MAX = 1024;
/** Characters of one list of one event: with three bytes each within what the batcher lets through. */
const LIST_LENGTH_MAX = 20_000;

export class InventoryWatch {
  readonly #kinds: InventoryKind[];
  readonly #stateFile: string;
  readonly #versions = new Map<string, string>();
  #known: Map<string, string[]>;
  #looking = false;
  #problem = '';
  #writing: Promise<void> = Promise.resolve();

  constructor(kinds: InventoryKind[], stateFile: string) {
    this.#kinds = kinds;
    this.#stateFile = stateFile;
    this.#known = readState(stateFile);
  }

  /** In words, or empty. */
  get problem(): string {
    return this.#problem;
  }

  /** Tells what changed since it was last told. Gives the number of events; never throws, never runs twice at once. */
  async look(sink: SensorSink): Promise<number> {
    if (this.#looking) return 0;
    this.#looking = true;
    let events = 0;
    this.#problem = '';
    for (const kind of this.#kinds) {
      try {
        events += await this.#lookAt(kind, sink);
      } catch (error) {
        this.#problem = `${kind.kind} inventory: ${(error as Error).message}`;
      }
    }
    this.#looking = false;
    return events;
  }

  /** When what was told is on disk. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #lookAt(kind: InventoryKind, sink: SensorSink): Promise<number> {
    const version = kind.version?.();
    if (version !== undefined && this.#versions.get(kind.kind) === version) return 0;
    const found = await kind.read();
    const entries = [...new Set(found.slice(0, ENTRIES_MAX).map((entry) => entry.slice(0, ENTRY_LENGTH_MAX)))].sort();
    if (found.length > ENTRIES_MAX) this.#problem = `more than ${ENTRIES_MAX} of ${kind.kind}; the rest is left out`;
    if (version !== undefined) this.#versions.set(kind.kind, version);
    const events = changeEvents(kind.kind, this.#known.get(kind.kind) ?? [], entries, Date.now() * 1000);
    if (events.length === 0) return 0;
    events.forEach((event, index) => {
      sink.emit(event, index === events.length - 1 ? () => this.#told(kind.kind, entries) : undefined);
    });
    this.#known.set(kind.kind, entries);
    return events.length;
  }

  /** The last event of a change is on its way to disk: from now on the change is no news after a restart. */
  #told(kind: string, entries: string[]): void {
    this.#writing = this.#writing
      .then(async () => {
        const told = readState(this.#stateFile).set(kind, entries);
        await writeFile(`${this.#stateFile}.new`, JSON.stringify({ version: 1, kinds: Object.fromEntries(told) }), {
          mode: 0o600,
        });
        await rename(`${this.#stateFile}.new`, this.#stateFile);
      })
      .catch((error: unknown) => {
        this.#problem = `the inventory cannot be saved: ${(error as Error).message}`;
      });
  }
}

/** One event for as much as fits; the rest in further ones. Each says the total. */
export function changeEvents(kind: string, before: string[], after: string[], atUs: number): HostEvent[] {
  const known = new Set(before);
  const now = new Set(after);
  const changes = [
    ...before.filter((entry) => !now.has(entry)).map((entry) => ({ list: 'removed' as const, entry })),
    ...after.filter((entry) => !known.has(entry)).map((entry) => ({ list: 'added' as const, entry })),
  ];
  const events: HostEvent[] = [];
  let room = 0;
  let lists: { added: string[]; removed: string[] } = { added: [], removed: [] };
  for (const { list, entry } of changes) {
    if (room < entry.length || lists.added.length + lists.removed.length >= FIELD_ENTRIES_MAX) {
      lists = { added: [], removed: [] };
      room = LIST_LENGTH_MAX;
      events.push({
        observedAtUs: atUs,
        class: EventClass.HOST,
        activity: Activity.INVENTORY_CHANGED,
        sensor: 'host.inventory',
        inventory: { kind, ...lists, total: after.length },
      });
    }
    lists[list].push(entry);
    room -= entry.length;
  }
  return events;
}

/** Nothing where there is none yet, or none that can be read: then everything is told, as at the first start. */
function readState(path: string): Map<string, string[]> {
  try {
    const saved = JSON.parse(readFileSync(path, 'utf8')) as { version?: unknown; kinds?: object };
    if (saved.version !== 1 || typeof saved.kinds !== 'object') return new Map();
    const kinds = Object.entries(saved.kinds).filter(([, list]) => Array.isArray(list) && list.every(isText));
    return new Map(kinds as [string, string[]][]);
  } catch {
    return new Map();
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
