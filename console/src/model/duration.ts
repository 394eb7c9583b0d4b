const UNIT_SECONDS: Record<string, number> = { m: 60, h: 3600, d: 86_400 };

/** Seconds of `30m`, `24h` or `7d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})(m|h|d)$/.exec(text);
  return match ? Number(match[1]) * UNIT_SECONDS[match[2]!]! : undefined;
}

/** In the largest unit that divides it. */
export function durationText(seconds: number): string {
  for (const unit of ['d', 'h', 'm'])
    if (seconds % UNIT_SECONDS[unit]! === 0) return `${seconds / UNIT_SECONDS[unit]!}${unit}`;
  return `${seconds}s`;
}
