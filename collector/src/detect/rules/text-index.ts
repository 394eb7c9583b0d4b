// Many texts looked for in one pass (Aho and Corasick, 1975): of which rules an event has a chance to be.
import type { EventView } from './fields.ts';
import type { RequiredText } from './required-texts.ts';

/** Texts are lower-case ASCII; a character beyond it begins anew. */
const ALPHABET = 128;
/** 512 bytes each: 100 MB. Rules whose texts do not fit are asked about every event. */
const NODES_MAX = 200_000;

/** The texts of one field. Built once: `next` is complete, so each character is one step. */
class FieldTexts {
  #next = new Int32Array(ALPHABET * 64);
  #nodes = 1;
  /** By node, what stands for the texts that end there. */
  readonly #ends: number[][] = [[]];

  add(text: string, owner: number): void {
    let node = 0;
    for (let at = 0; at < text.length; at++) {
      const edge = node * ALPHABET + text.charCodeAt(at);
      if (this.#next[edge] === 0) this.#next[edge] = this.#grow();
      node = this.#next[node * ALPHABET + text.charCodeAt(at)]!;
    }
    this.#ends[node]!.push(owner);
  }

  /** Fills in where to go on when a text breaks off: the longest other text that has begun. Breadth first. */
  finish(): void {
    const fallback = new Int32Array(this.#nodes);
    const queue: number[] = [];
    for (let char = 0; char < ALPHABET; char++) if (this.#next[char]) queue.push(this.#next[char]!);
    for (let head = 0; head < queue.length; head++) {
      const node = queue[head]!;
      const other = fallback[node]!;
      this.#ends[node] = [...new Set([...this.#ends[node]!, ...this.#ends[other]!])];
      for (let char = 0; char < ALPHABET; char++) {
        const edge = node * ALPHABET + char;
        const target = this.#next[edge]!;
        const otherwise = this.#next[other * ALPHABET + char]!;
        if (target === 0) this.#next[edge] = otherwise;
        else {
          fallback[target] = otherwise;
          queue.push(target);
        }
      }
    }
  }

  /** Tells of the owner of every text that is in this one. */
  find(text: string, found: Found): void {
    let node = 0;
    for (let at = 0; at < text.length; at++) {
      const char = text.charCodeAt(at);
      node = char < ALPHABET ? this.#next[node * ALPHABET + char]! : 0;
      const ends = this.#ends[node]!;
      for (let end = 0; end < ends.length; end++) found.add(ends[end]!);
    }
  }

  #grow(): number {
    if ((this.#nodes + 1) * ALPHABET > this.#next.length) {
      const larger = new Int32Array(this.#next.length * 2);
      larger.set(this.#next);
      this.#next = larger;
    }
    this.#ends.push([]);
    return this.#nodes++;
  }
}

/** Owners found in one event, each once. */
class Found {
  readonly owners: number[] = [];
  readonly #marks: Float64Array;
  #mark = 0;

  constructor(owners: number) {
    this.#marks = new Float64Array(owners);
  }

  clear(): void {
    this.#mark++;
    this.owners.length = 0;
  }

  add(owner: number): void {
    if (this.#marks[owner] === this.#mark) return;
    this.#marks[owner] = this.#mark;
    this.owners.push(owner);
  }
}

export class TextIndex {
  readonly #fields: { slot: number; texts: FieldTexts }[] = [];
  readonly #always: number[] = [];
  readonly #found: Found;

  /** By owner, what an event must hold one of; undefined for an owner that every event may be meant by. */
  constructor(owners: readonly (readonly RequiredText[] | undefined)[]) {
    this.#found = new Found(owners.length);
    const fields = new Map<number, FieldTexts>();
    let nodes = 0;
    owners.forEach((texts, owner) => {
      nodes += texts?.reduce((sum, { text }) => sum + text.length, 0) ?? 0;
      if (!texts || nodes > NODES_MAX) {
        this.#always.push(owner);
        return;
      }
      for (const { slot, text } of texts) {
        const field = fields.get(slot) ?? new FieldTexts();
        fields.set(slot, field);
        field.add(text, owner);
      }
    });
    for (const [slot, texts] of fields) {
      texts.finish();
      this.#fields.push({ slot, texts });
    }
  }

  /** The owners that the event in the view may be meant by, ascending; valid until the next look. */
  look(view: EventView): readonly number[] {
    const found = this.#found;
    found.clear();
    for (const { slot, texts } of this.#fields) {
      const value = view.folded(slot);
      if (typeof value === 'string') texts.find(value, found);
      else if (value !== undefined) for (const text of value) texts.find(text, found);
    }
    if (found.owners.length === 0) return this.#always;
    for (const owner of this.#always) found.add(owner);
    return found.owners.sort((a, b) => a - b);
  }
}
