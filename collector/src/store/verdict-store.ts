// What is kept of verdicts for triage to learn from.
import type { ClosedAlert } from '../triage/learned/examples.ts';

export interface VerdictStore {
  /** How many alerts are closed with a verdict, of those whose first revision is known. */
  counts(): Promise<{ real: number; other: number }>;
  /** The newest verdicts, in pages, the oldest of them first. */
  newest(limit: number): AsyncIterable<ClosedAlert[]>;
}
