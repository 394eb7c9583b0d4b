// What of an alert an exception may ask for, and the narrowest it should.
import { type Alert, type Detection, suggest } from '@threatguard/proto';
import { isHealthRule } from '../detect/health.ts';
import { VALUE_CHARS_MAX } from '../detect/rules/rule.ts';
import type { ExceptionRecord } from '../store/judgement-store.ts';
import { ExceptionError } from './exception-error.ts';
import { fieldValue, HOST_FIELD } from './exception-index.ts';

/** Fields of one exception. */
const CONDITIONS_MAX = 24;

/** Differs each time, though the cause is the same: an exception that asks for it hides nothing twice. */
const PASSING = /(^|\.)pid$|^source\.port$|^threatguard\.(count|seen)$|\.remote_port$/;

type Conditions = ExceptionRecord['conditions'];

export interface Proposal {
  conditions: Conditions;
  /** Of the alert as well, and left out. */
  others: Conditions;
}

/**
 * Conditions from the fields of an alert: those named, or where none is, all that can be the same another time. Throws
 * ExceptionError for a field the alert does not have, or whose value was too long to be known whole.
 */
export function proposeException(alert: Alert, fields: readonly string[] = []): Proposal {
  const ruleId = alert.ruleId ?? '';
  if (isHealthRule(ruleId)) {
    const text = `${ruleId} is what the collector says of its agents: there are no exceptions of it`;
    throw new ExceptionError('rule', text);
  }
  const usable = usableConditions(alert);
  const wanted = fields.length > 0 ? new Set(fields) : undefined;
  for (const field of wanted ?? []) refuseUnusable(alert, field, usable);
  const conditions = usable.filter(({ field }) => (wanted ? wanted.has(field) : !PASSING.test(field)));
  if (conditions.length === 0) {
    throw new ExceptionError('field', 'this alert has no field to tell it by; switch its rule off instead');
  }
  if (conditions.length > CONDITIONS_MAX) {
    throw new ExceptionError('field', `an exception asks for at most ${CONDITIONS_MAX} fields; name them with --field`);
  }
  return { conditions, others: usable.filter((each) => !conditions.includes(each)) };
}

/** In order of their names, whatever the order they came in. */
function usableConditions(alert: Alert): Conditions {
  return [HOST_FIELD, ...Object.keys(alert.values ?? {})]
    .filter((field, index, all) => all.indexOf(field) === index)
    .map((field) => ({ field, value: fieldValue(alert as Detection, field) ?? '' }))
    .filter(({ value }) => value !== '' && value.length < VALUE_CHARS_MAX)
    .sort((a, b) => (a.field < b.field ? -1 : 1));
}

function refuseUnusable(alert: Alert, field: string, usable: Conditions): void {
  if (usable.some((each) => each.field === field)) return;
  if (fieldValue(alert as Detection, field)) {
    const text = `${field} of this alert is longer than ${VALUE_CHARS_MAX} characters, and only its beginning is known: it cannot be told from others`;
    throw new ExceptionError('field', text);
  }
  const known = usable.map((each) => each.field);
  const text = `this alert has no field "${field}"${suggest(field, known) || `; it has ${known.join(', ')}`}`;
  throw new ExceptionError('field', text);
}
