import type { HostEvent } from '@threatguard/proto';
import { type EventView, type FieldValue, type FoldedValue, fieldName, foldValue, textOf } from './fields.ts';
import { HOST_FIELDS, type HostFieldSource } from './host-fields.ts';
import type { LogSource } from './logsource.ts';

const FIELDS = Object.values(HOST_FIELDS);
const ROWS = new Map(Object.keys(HOST_FIELDS).map((name, row) => [name, row]));
const NO_ROW = -1;

/** Row of HOST_FIELDS by slot: several names stand for one field. Grows as rules write names no event of ours has. */
const rowOf: number[] = [];

function rowOfSlot(slot: number): number {
  for (let next = rowOf.length; next <= slot; next++) rowOf.push(ROWS.get(fieldName(next)) ?? NO_ROW);
  return rowOf[slot]!;
}

/**
 * An event of an agent as rules read it: each field is fetched and folded to lower case at most once, however many rules
 * ask. One view is reused for all events; what it returns is valid until the next `show`.
 */
export class HostEventView implements EventView, HostFieldSource {
  /** The contract cannot tell an empty text from none. */
  readonly emptyIsAbsent = true;
  event: HostEvent = {};
  agentId = '';
  agentName = '';
  /** By the collector's clock. */
  atUs = 0;
  #generation = 0;
  readonly #rawAt = new Float64Array(FIELDS.length);
  readonly #foldedAt = new Float64Array(FIELDS.length);
  readonly #raw: FieldValue[] = new Array(FIELDS.length);
  readonly #folded: FoldedValue[] = new Array(FIELDS.length);

  show(event: HostEvent, atUs: number): void {
    this.event = event;
    this.atUs = atUs;
    this.#generation++;
  }

  raw(slot: number): FieldValue {
    const row = rowOf[slot] ?? rowOfSlot(slot);
    return row === NO_ROW ? undefined : this.#rawRow(row);
  }

  folded(slot: number): FoldedValue {
    const row = rowOf[slot] ?? rowOfSlot(slot);
    if (row === NO_ROW) return undefined;
    if (this.#foldedAt[row] !== this.#generation) {
      this.#foldedAt[row] = this.#generation;
      this.#folded[row] = foldValue(this.#rawRow(row));
    }
    return this.#folded[row];
  }

  text(slot: number): string | undefined {
    return textOf(this.raw(slot));
  }

  isFrom({ activities, services, lines }: LogSource): boolean {
    return (
      (!activities || activities.includes(this.event.activity ?? 0)) &&
      (!services || services.includes(this.event.serviceName ?? '')) &&
      (!lines || Boolean(this.event.original))
    );
  }

  #rawRow(row: number): FieldValue {
    if (this.#rawAt[row] !== this.#generation) {
      this.#rawAt[row] = this.#generation;
      this.#raw[row] = FIELDS[row]!.read(this);
    }
    return this.#raw[row];
  }
}
