import { Severity } from '@threatguard/proto';
import type { Tone } from '../spans.ts';

const TONES: Record<number, Tone> = {
  [Severity.CRITICAL]: 'critical',
  [Severity.HIGH]: 'high',
  [Severity.MEDIUM]: 'medium',
  [Severity.LOW]: 'low',
};

export function severityTone(severity: Severity | null | undefined): Tone | undefined {
  return TONES[severity ?? 0];
}

/** Of a risk from 0 to 100. */
export function riskTone(risk: number | null | undefined): Tone | undefined {
  const value = risk ?? 0;
  return value >= 75 ? 'critical' : value >= 50 ? 'high' : value >= 25 ? 'medium' : undefined;
}
