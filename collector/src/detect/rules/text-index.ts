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

  /** Marks the owner of every text that is in this one. */
  mark(text: string, marks: Float64Array, mark: number): void {
    let node = 0;
    for (let at = 0; at < text.length; at++) {
      const char = text.charCodeAt(at);
      node = char < ALPHABET ? this.#next[node * ALPHABET + char]! : 0;
      const ends = this.#ends[node]!;
      for (let end = 0; end < ends.length; end++) marks[ends[end]!] = mark;
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

export class TextIndex {
  readonly #fields = new Map<number, FieldTexts>();
  readonly #always: number[] = [];
  readonly #marks: Float64Array;
  #mark = 0;

  /** By owner, what an event must hold one of; undefined for an owner that every event may be meant by. */
  constructor(owners: readonly (readonly RequiredText[] | undefined)[]) {
    this.#marks = new Float64Array(owners.length);
    let nodes = 0;
    owners.forEach((texts, owner) => {
      nodes += texts?.reduce((sum, { text }) => sum + text.length, 0) ?? 0;
      if (!texts || nodes > NODES_MAX) {
        this.#always.push(owner);
        return;
      }
      for (const { slot, text } of texts) {
        const field = this.#fields.get(slot) ?? new FieldTexts();
        this.#fields.set(slot, field);
        field.add(text, owner);
      }
    });
    for (const field of this.#fields.values()) field.finish();
  }

  /** Looks at the event in the view: until the next look `mayBe` says which owners may be meant. */
  look(view: EventView): void {
    this.#mark++;
    for (const owner of this.#always) this.#marks[owner] = this.#mark;
    for (const [slot, field] of this.#fields) {
      const value = view.folded(slot);
      if (typeof value === 'string') field.mark(value, this.#marks, this.#mark);
      else if (value !== undefined) for (const text of value) field.mark(text, this.#marks, this.#mark);
    }
  }

  mayBe(owner: number): boolean {
    return this.#marks[owner] === this.#mark;
  }
}
