import type { Alert } from '@threatguard/proto';
import { ALERT_KEYS, alertLine, alertRecord } from '../model/alert.ts';
import { fit, printable } from '../model/printable.ts';
import { colourSeverity } from '../model/style.ts';
import type { Output } from './output.ts';

/** Columns of the longest severity, "informational". */
const SEVERITY_COLUMNS = 13;

/** One alert as one line of a stream, in whichever form was asked for. Written at once: latency is measured here. */
export function writeAlert(output: Output, alert: Alert): void {
  if (output.format === 'json') {
    output.json(alertRecord(alert));
  } else if (output.format === 'csv') {
    output.csv(ALERT_KEYS, alertRecord(alert));
  } else {
    const { head, severity, rest } = alertLine(alert, output.utc);
    const coloured = colourSeverity(fit(severity, SEVERITY_COLUMNS), alert.severity, output.colour);
    output.line(`${head}  ${coloured}  ${printable(rest)}`);
  }
}
