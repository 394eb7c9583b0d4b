// Values as a JSON schema takes them, and almost: what requests made from the OpenAPI document hold.
import fc from 'fast-check';

export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  anyOf?: Schema[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

/** Makes values; texts are now and then of `there`: names and addresses of what is there. */
export class SchemaValues {
  readonly #there: fc.Arbitrary<string>;
  readonly #texts: fc.Arbitrary<string>;
  /** Anything JSON has. */
  readonly anything: fc.Arbitrary<unknown>;

  constructor(there: readonly string[]) {
    this.#there = fc.constantFrom(...there);
    this.#texts = fc.oneof(
      this.#there,
      fc.string({ maxLength: 30 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(...HOSTILE),
    );
    const anything = fc.anything({ maxDepth: 2 }).filter(isJson);
    this.anything = fc.oneof(anything, this.#texts, fc.constant(null), fc.integer());
  }

  /** A value a schema takes; where `wild`, now and then anything at all in its place. */
  of(schema: Schema | undefined, wild: boolean, depth = 0): fc.Arbitrary<unknown> {
    if (!schema || depth > 6) return this.anything;
    const right = this.#fitting(schema, wild, depth);
    return wild ? fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: this.anything }) : right;
  }

  #fitting(schema: Schema, wild: boolean, depth: number): fc.Arbitrary<unknown> {
    const inner = (each: Schema | undefined) => this.of(each, wild, depth + 1);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum) return fc.constantFrom(...schema.enum);
    if (schema.anyOf) return fc.oneof(...schema.anyOf.map(inner));
    if (schema.type === 'array') return listOf(schema, inner(schema.items), wild);
    if (schema.type === 'boolean') return fc.boolean();
    if (schema.type === 'integer' || schema.type === 'number') {
      const min = Math.max(schema.minimum ?? -100, -(2 ** 31));
      const right = fc.integer({ min, max: Math.max(min, Math.min(schema.maximum ?? 1000, 2 ** 31)) });
      return wild ? fc.oneof(right, fc.double()) : right;
    }
    if (schema.type === 'object' && schema.properties) {
      const shape = Object.fromEntries(Object.entries(schema.properties).map(([key, each]) => [key, inner(each)]));
      const requiredKeys = (schema.required ?? []).filter((key) => key in shape);
      return fc.record(shape, { requiredKeys: requiredKeys as never[] });
    }
    return this.#textFor(schema, wild);
  }

  #textFor({ format, pattern, minLength = 0, maxLength }: Schema, wild: boolean): fc.Arbitrary<unknown> {
    const right = () => {
      if (format === 'date-time')
        return fc.date({ noInvalidDate: true, max: new Date() }).map((date) => date.toISOString());
      if (format && format in OF_FORMAT) return fc.constantFrom(...OF_FORMAT[format]!);
      const other = pattern ? this.#matching(pattern) : fc.string({ minLength, maxLength: 20 });
      return fc.oneof(this.#there, other);
    };
    if (!wild) return right();
    const edges = [minLength, ...(maxLength !== undefined && maxLength <= 4_096 ? [maxLength, maxLength + 1] : [])];
    const edge = fc.constantFrom(...edges).map((length) => 'x'.repeat(length));
    return fc.oneof(right(), this.#texts, edge);
  }

  /** What the document asks for; of patterns fast-check cannot follow, any text. */
  #matching(pattern: string): fc.Arbitrary<string> {
    try {
      return fc.stringMatching(new RegExp(pattern));
    } catch {
      return this.#texts;
    }
  }
}

/** Where `wild`, now and then as many as may be, or one more. */
function listOf(schema: Schema, items: fc.Arbitrary<unknown>, wild: boolean): fc.Arbitrary<unknown> {
  const few = fc.array(items, { minLength: schema.minItems ?? 0, maxLength: 4 });
  const most = schema.maxItems ?? 1_001;
  if (!wild || most > 1_000) return few;
  const many = fc.tuple(items, fc.constantFrom(most, most + 1)).map(([item, length]) => Array(length).fill(item));
  return fc.oneof({ weight: 30, arbitrary: few }, { weight: 1, arbitrary: many });
}

const OF_FORMAT: Record<string, string[]> = {
  ipv4: ['192.0.2.77', '0.0.0.0'],
  ipv6: ['2001:db8::1', '::'],
  cidrv4: ['192.0.2.0/24', '0.0.0.0/0'],
  cidrv6: ['2001:db8::/32', '::/0'],
};

const HOSTILE = [
  'root',
  'web-1',
  '10.0.0.1',
  '0'.repeat(26),
  "'; drop table users; --",
  '../../etc/passwd',
  '\0',
  '%00',
  '2026-01-01T00:00:00Z',
  'user.name',
  '-1',
  '1e400',
  '\ud800',
];

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}
