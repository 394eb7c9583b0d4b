// What every bench prints with: figures as people read them, then one line holding one JSON object.

/** The value below which `share` (0 to 1) of the samples lie; nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** p50, p95 and p99 of millisecond samples, in one line. */
export function printLatency(name: string, samplesMs: readonly number[]): void {
  const figures = [0.5, 0.95, 0.99].map((share) => `p${share * 100} ${round(percentile(samplesMs, share))} ms`);
  console.log(`${name.padEnd(58)} ${figures.join('   ')}   (${samplesMs.length} samples)`);
}

/** The last line of a bench. */
export function printResult(result: Record<string, unknown>): void {
  console.log(JSON.stringify(result));
}

/** One figure in one line, as a person reads it. */
export function printFigure(name: string, figure: string): void {
  console.log(`  ${name.padEnd(52)} ${figure}`);
}
