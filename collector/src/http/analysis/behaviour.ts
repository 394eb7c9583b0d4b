// How unusual the hours of a window are for a host or a user, from what is counted of it. Pure: points in, judgement out.
//
// Each measure (events, failed logons, bytes sent and received) is a series of hours. Every hour is scored by what came before
// it (StreamScore), so the baseline is the entity's own past, with its daily rhythm, and nothing else.
import { EventClass, Outcome } from '@threatguard/proto';
import { StreamScore } from '../../detect/models/stream-score.ts';
import type { SeriesPoint } from '../../store/series.ts';

export const HOUR_US = 3_600_000_000;
/** Two weeks of hours are as much as a judgement of hours needs. */
const HOURS_FOR_CONFIDENCE = 14 * 24;
/** From here on an hour is said to be unusual. */
const NOTABLE_SCORE = 0.5;
const REASONS_MAX = 10;

const MEASURES = {
  events: { unit: 'events', read: ({ events }: SeriesPoint) => events },
  failed_logons: {
    unit: 'failed logons',
    read: (point: SeriesPoint) =>
      point.class === EventClass.AUTHENTICATION && point.outcome === Outcome.FAILURE ? point.events : 0,
  },
  programs: {
    unit: 'programs started',
    read: (point: SeriesPoint) => (point.class === EventClass.PROCESS ? point.events : 0),
  },
  network_bytes: { unit: 'bytes sent and received', read: ({ bytes }: SeriesPoint) => bytes },
} as const;

export interface Behaviour {
  hours: number;
  measures: {
    measure: string;
    median: number;
    p95: number;
    observed_max: number;
    observed_total: number;
    score: number;
  }[];
  anomalyScore: number;
  confidence: number;
  reasons: string[];
}

/**
 * `points` are hours from `fromUs` on; the window is what lies at `windowFromUs` and after it, up to `toUs`. `observed` is the
 * share of events that were seen, 0 to 1.
 */
export function judgeBehaviour(
  points: readonly SeriesPoint[],
  span: { fromUs: number; windowFromUs: number; toUs: number; observed: number },
): Behaviour {
  const firstUs = points[0]?.atUs ?? span.windowFromUs;
  const baselineFromUs = Math.min(Math.max(span.fromUs, firstUs), span.windowFromUs);
  const hours = Math.max(0, Math.round((span.windowFromUs - baselineFromUs) / HOUR_US));
  const judged = Object.entries(MEASURES).map(([measure, { unit, read }]) => {
    const values = hourly(points, read, baselineFromUs, span.toUs);
    const scores = scoreHours(values, baselineFromUs);
    const past = values.slice(0, hours).sort((a, b) => a - b);
    const observed = values.slice(hours);
    const observedScores = scores.slice(hours);
    const score = Math.max(0, ...observedScores);
    const at = observedScores.indexOf(score);
    const told = { measure, median: quantile(past, 0.5), p95: quantile(past, 0.95), score };
    const notable = score >= NOTABLE_SCORE && at >= 0;
    const reason = notable && explain({ ...told, unit, value: observed[at]!, atUs: span.windowFromUs + at * HOUR_US });
    return {
      told: {
        ...told,
        observed_max: Math.max(0, ...observed),
        observed_total: observed.reduce((sum, each) => sum + each, 0),
      },
      reason,
    };
  });
  const byScore = [...judged].sort((a, b) => b.told.score - a.told.score);
  const anomalyScore = byScore[0]?.told.score ?? 0;
  const confidence = Math.min(1, hours / HOURS_FOR_CONFIDENCE) * span.observed;
  const reasons = byScore.flatMap(({ reason }) => (reason ? [reason] : []));
  if (hours < HOURS_FOR_CONFIDENCE) reasons.push(`only ${hours} hours came before the window to compare it with`);
  if (span.observed < 1) reasons.push(`${(100 * span.observed).toFixed(1)} % of the events were seen`);
  if (anomalyScore < NOTABLE_SCORE) reasons.unshift('nothing in the window is unusual for what came before it');
  return {
    hours,
    measures: judged.map(({ told }) => told),
    anomalyScore,
    confidence,
    reasons: reasons.slice(0, REASONS_MAX),
  };
}

/** A value for each hour; an hour in which nothing happened has none in `points` and 0 here. */
function hourly(
  points: readonly SeriesPoint[],
  read: (point: SeriesPoint) => number,
  fromUs: number,
  toUs: number,
): number[] {
  const values = new Array<number>(Math.max(0, Math.ceil((toUs - fromUs) / HOUR_US))).fill(0);
  for (const point of points) {
    const hour = Math.floor((point.atUs - fromUs) / HOUR_US);
    if (hour >= 0 && hour < values.length) values[hour] = values[hour]! + read(point);
  }
  return values;
}

function scoreHours(values: readonly number[], fromUs: number): number[] {
  const stream = new StreamScore();
  return values.map((value, hour) => stream.score(value, (fromUs + hour * HOUR_US) / 1e6));
}

function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

function explain(about: {
  unit: string;
  value: number;
  atUs: number;
  median: number;
  p95: number;
  score: number;
}): string {
  const hour = new Date(about.atUs / 1000).toISOString().slice(0, 13).replace('T', ' ');
  const usual =
    about.median === about.p95
      ? `${about.median} is usual`
      : `${about.median} is usual, 95 % of hours have at most ${about.p95}`;
  return `${about.value} ${about.unit} in the hour from ${hour}:00 UTC; ${usual} (score ${about.score.toFixed(2)})`;
}
