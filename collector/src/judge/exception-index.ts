// Which exception hides a detection, found without looking at the others.
//
// Form: by rule, the sets of fields its exceptions ask for; in each, the exceptions by the values of those fields.
// Invariants: a rule has at most FIELD_SETS_MAX such sets, so a detection costs that many lookups at most; two exceptions
// of one rule never ask for the same values of the same fields.
// Values are compared as they are: case matters, and nothing a host wrote is a pattern. A field that is not there equals
// nothing, not even the empty text.
import type { Detection } from '@threatguard/proto';
import { EXCEPTIONS_MAX, type ExceptionRecord } from '../store/judgement-store.ts';
import { ExceptionError } from './exception-error.ts';

export const FIELD_SETS_MAX = 16;
/** Not among the values of a detection, but its own: which host it is about. */
export const HOST_FIELD = 'agent.id';

interface FieldSet {
  fields: readonly string[];
  byValues: Map<string, ExceptionRecord>;
}

export class ExceptionIndex {
  readonly #byRule = new Map<string, FieldSet[]>();
  readonly #byId = new Map<string, ExceptionRecord>();

  get size(): number {
    return this.#byId.size;
  }

  /** Throws ExceptionError where it could not be added. */
  check({ ruleId, conditions }: Pick<ExceptionRecord, 'ruleId' | 'conditions'>): void {
    if (conditions.length === 0) {
      throw new ExceptionError('field', 'an exception without a condition would silence its whole rule');
    }
    if (this.#byId.size >= EXCEPTIONS_MAX) throw new ExceptionError('limit', `there are ${EXCEPTIONS_MAX} exceptions`);
    const fields = conditions.map(({ field }) => field);
    const sets = this.#byRule.get(ruleId) ?? [];
    const found = sets.find((set) => valuesKey(set.fields) === valuesKey(fields));
    const same = found?.byValues.get(valuesKey(conditions.map(({ value }) => value)));
    if (same)
      throw new ExceptionError('exists', `exception ${same.id} says just this; remove it first to make another`);
    if (!found && sets.length >= FIELD_SETS_MAX) {
      const text = `the exceptions of this rule ask for ${FIELD_SETS_MAX} different sets of fields: make the rule itself narrower`;
      throw new ExceptionError('limit', text);
    }
  }

  /** Ids of those there are. */
  ids(): string[] {
    return [...this.#byId.keys()];
  }

  /** Throws ExceptionError where there is no room, or another like it stands already. One that is there stays. */
  add(exception: ExceptionRecord): void {
    if (this.#byId.has(exception.id)) return;
    this.check(exception);
    const { ruleId, conditions } = exception;
    const fields = conditions.map(({ field }) => field);
    const values = valuesKey(conditions.map(({ value }) => value));
    const sets = this.#byRule.get(ruleId) ?? [];
    const found = sets.find((set) => valuesKey(set.fields) === valuesKey(fields));
    if (found) found.byValues.set(values, exception);
    else sets.push({ fields, byValues: new Map([[values, exception]]) });
    this.#byRule.set(ruleId, sets);
    this.#byId.set(exception.id, exception);
  }

  remove(id: string): void {
    const exception = this.#byId.get(id);
    if (!exception) return;
    this.#byId.delete(id);
    const fields = valuesKey(exception.conditions.map(({ field }) => field));
    const values = valuesKey(exception.conditions.map(({ value }) => value));
    const sets = this.#byRule.get(exception.ruleId) ?? [];
    sets.find((set) => valuesKey(set.fields) === fields)?.byValues.delete(values);
    const left = sets.filter(({ byValues }) => byValues.size > 0);
    if (left.length > 0) this.#byRule.set(exception.ruleId, left);
    else this.#byRule.delete(exception.ruleId);
  }

  /** Those that have expired go: they hide nothing any more and make room. */
  removeExpired(nowUs: number): void {
    for (const { id, expiresAtUs } of this.#byId.values()) if (isOver(expiresAtUs, nowUs)) this.remove(id);
  }

  /**
   * The exception that hides a detection. In force is one while neither the event nor the collector's clock is past its end:
   * a host that tells of the past cannot hide behind an exception that is over.
   */
  find(detection: Detection, nowUs: number): ExceptionRecord | undefined {
    for (const { fields, byValues } of this.#byRule.get(detection.ruleId ?? '') ?? []) {
      const values: string[] = [];
      for (const field of fields) {
        const value = fieldValue(detection, field);
        if (value === undefined) break;
        values.push(value);
      }
      if (values.length < fields.length) continue;
      const exception = byValues.get(valuesKey(values));
      const latestUs = Math.max(nowUs, detection.lastAtUs ?? 0);
      if (exception && !isOver(exception.expiresAtUs, latestUs)) return exception;
    }
    return undefined;
  }
}

/** The value a detection or an alert has of a field; undefined where it has none. */
export function fieldValue(
  { agentId, values }: Pick<Detection, 'agentId' | 'values'>,
  field: string,
): string | undefined {
  if (field === HOST_FIELD) return agentId || undefined;
  return values && Object.hasOwn(values, field) ? values[field] : undefined;
}

function isOver(expiresAtUs: number | undefined, atUs: number): boolean {
  return expiresAtUs !== undefined && atUs >= expiresAtUs;
}

/** One text of several that no other several give. */
function valuesKey(values: readonly string[]): string {
  return JSON.stringify(values);
}
