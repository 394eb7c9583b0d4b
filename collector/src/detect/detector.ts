import type { Detection } from '@threatguard/proto';
import type { EnrichedBatch } from '../batch.ts';

/** Looks at events in order and says which of them matter. Never throws: what fails is disabled and reported. */
export interface Detector {
  inspect(batch: EnrichedBatch): Detection[];
  /** What is off, and why, one line each. */
  disabled(): string[];
}
