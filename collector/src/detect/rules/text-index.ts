// Of many rules, those an event has a chance to be meant by: it must meet what one of them requires (required-texts.ts).
import type { EcsValue } from '@threatguard/proto';
import { type Hits, TextAutomaton } from './text-automaton.ts';

/** Of all texts of one index: with as many columns as ASCII has that is 100 MB. Rules beyond it are asked about every event. */
const CHARACTERS_MAX = 200_000;

/** Of one requirement as many groups are looked for as a byte has bits. */
const GROUPS_MAX = 8;

/** What is read of an event to be looked through, once for all rules. */
export interface TextSource<Event> {
  read(event: Event): EcsValue | null;
  /** Instead of a text, the texts it is when they are joined by spaces. */
  parts?: ((event: Event) => readonly string[] | undefined) | undefined;
}

/** A field of the events of an index, known by its name. */
export interface PlacedText {
  name: string;
  text: string;
  start: boolean;
  end: boolean;
}

interface Field<Event> {
  source: TextSource<Event>;
  texts: TextAutomaton;
}

/** What was found in one event. A hit is a requirement and one of its groups. */
class Found implements Hits {
  readonly #bits: Uint8Array;
  readonly #touched: number[] = [];
  /** By requirement, the bits of all its groups, and whose it is. */
  readonly #full: Uint8Array;
  readonly #owners: Uint32Array;

  constructor(full: Uint8Array, owners: Uint32Array) {
    this.#full = full;
    this.#owners = owners;
    this.#bits = new Uint8Array(full.length);
  }

  add(hit: number): void {
    const requirement = hit >>> 3;
    const before = this.#bits[requirement]!;
    if (before === 0) this.#touched.push(requirement);
    this.#bits[requirement] = before | (1 << (hit & 7));
  }

  /** Adds the owners of which a requirement was met to the list, each once, and forgets all. */
  drain(into: number[]): void {
    for (let at = 0; at < this.#touched.length; at++) {
      const requirement = this.#touched[at]!;
      const owner = this.#owners[requirement]!;
      if (this.#bits[requirement] === this.#full[requirement] && !into.includes(owner)) into.push(owner);
      this.#bits[requirement] = 0;
    }
    this.#touched.length = 0;
  }
}

export class TextIndex<Event> {
  readonly #fields: Field<Event>[] = [];
  readonly #always: number[] = [];
  readonly #found: Found;
  readonly #candidates: number[] = [];

  /**
   * By owner, what an event must meet one of: groups of texts in its fields, one of each of which it must hold. Every event
   * may be meant by an owner without any. `sourceOf` gives what is read for the name of a field.
   */
  constructor(owners: readonly PlacedText[][][][], sourceOf: (name: string) => TextSource<Event>) {
    const byField = new Map<string, { text: string; start: boolean; end: boolean; hit: number }[]>();
    const full: number[] = [];
    const ownerOf: number[] = [];
    let characters = 0;
    owners.forEach((requirements, owner) => {
      characters += requirements.flat(2).reduce((sum, { text }) => sum + text.length, 0);
      if (requirements.length === 0 || characters > CHARACTERS_MAX) {
        this.#always.push(owner);
        return;
      }
      for (const groups of requirements.map((each) => each.slice(0, GROUPS_MAX))) {
        const requirement = ownerOf.push(owner) - 1;
        full.push((1 << groups.length) - 1);
        for (const [group, texts] of groups.entries()) {
          for (const { name, ...text } of texts) {
            const field = byField.get(name) ?? [];
            byField.set(name, field);
            field.push({ ...text, hit: (requirement << 3) | group });
          }
        }
      }
    });
    this.#found = new Found(Uint8Array.from(full), Uint32Array.from(ownerOf));
    for (const [name, texts] of byField) {
      this.#fields.push({ source: sourceOf(name), texts: new TextAutomaton(texts) });
    }
  }

  /** The owners that the event may be meant by, ascending; valid until the next look. */
  look(event: Event): readonly number[] {
    const found = this.#found;
    for (let at = 0; at < this.#fields.length; at++) {
      const { source, texts } = this.#fields[at]!;
      if (source.parts) {
        const parts = source.parts(event);
        if (parts) texts.findJoined(parts, found);
        continue;
      }
      const value = source.read(event);
      if (value === undefined || value === null) continue;
      if (typeof value === 'string') texts.find(value, found);
      else if (Array.isArray(value)) for (const each of value) texts.find(each, found);
      else texts.find(String(value), found);
    }
    const candidates = this.#candidates;
    candidates.length = 0;
    found.drain(candidates);
    if (candidates.length === 0) return this.#always;
    candidates.push(...this.#always);
    return candidates.length === 1 ? candidates : candidates.sort(ascending);
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}
