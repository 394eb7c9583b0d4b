// What a hunt says, once it is read.

/** One condition on one field; `*` in a value is any text, a range such as 10.0.0.0/8 the addresses in it. */
export interface HuntTerm {
  kind: 'term';
  field: string;
  compare: ':' | '>' | '>=' | '<' | '<=';
  value: string;
}

export type HuntExpression =
  | HuntTerm
  | { kind: 'not'; of: HuntExpression }
  | { kind: 'and' | 'or'; of: readonly HuntExpression[] };

/** What to sort by: a field, or `count` of a hunt that counts. */
export interface HuntSort {
  by: string;
  descending: boolean;
}

export interface ParsedHunt {
  /** Undefined for all events. */
  where: HuntExpression | undefined;
  /** Fields that events are counted by; undefined where events themselves are the answer. */
  countBy: readonly string[] | undefined;
  sort: HuntSort | undefined;
  limit: number | undefined;
}
