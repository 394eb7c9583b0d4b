import { buildIndex } from '../../collector/src/detect/intel/build-index.ts';
import { UNSAID } from '../../collector/src/detect/intel/feed-report.ts';
import type { Indicator, IndicatorValue, Tlp } from '../../collector/src/detect/intel/indicator.ts';
import { IntelIndex } from '../../collector/src/detect/intel/intel-index.ts';
import { RecordWriter } from '../../collector/src/detect/intel/packed-records.ts';

/** 2026-11-01, since when sources say what they say in tests. */
const SAID_AT_US = Date.UTC(2026, 10, 1) * 1000;

export interface TestSource {
  source: string;
  values: readonly (IndicatorValue & Partial<Indicator>)[];
  confidence?: number;
  tlp?: Tlp;
}

/** An index of what these sources say. */
export function indexOf(sources: readonly TestSource[]): IntelIndex {
  const all = sources.map(({ source, values, confidence = 50, tlp = 'clear' as const }, number) => {
    const records = new RecordWriter();
    for (const value of values) records.add({ ...UNSAID, ...value }, value.sinceUs ?? SAID_AT_US);
    return { id: number + 1, about: { name: source, confidence, tlp }, chunks: records.finish() };
  });
  return new IntelIndex(buildIndex(all, 0));
}
