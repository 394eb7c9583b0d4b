// The index answers as a plain list of everything would, and what several sources say is weighed as stated.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildIndex } from '../../collector/src/detect/intel/build-index.ts';
import { UNSAID } from '../../collector/src/detect/intel/feed-report.ts';
import type { Indicator, IndicatorValue } from '../../collector/src/detect/intel/indicator.ts';
import { type Claim, IntelIndex } from '../../collector/src/detect/intel/intel-index.ts';
import { normalise } from '../../collector/src/detect/intel/normalise.ts';
import { RecordWriter } from '../../collector/src/detect/intel/packed-records.ts';
import { explainWeight, weigh } from '../../collector/src/detect/intel/weigh.ts';
import { indexOf } from '../support/intel-index.ts';

const SEED = 20_261_121;
const DAY_US = 86_400_000_000;

const v4 = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(3), fc.nat(3), fc.nat(7)).map((parts) => parts.join('.'));
const v6 = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(7)).map(([a, b, c]) => `2001:db8:${a}::${b}:${c}`);
const address = fc.oneof(v4, v6);
const network = fc
  .tuple(address, fc.nat(128))
  .map(([text, bits]) => `${text}/${text.includes(':') ? 16 + (bits % 112) : 8 + (bits % 24)}`);

const read = (text: string): IndicatorValue | undefined => {
  const found = normalise(text);
  return 'refused' in found ? undefined : { kind: found.kind, value: found.value };
};

/** By whole numbers, the slow way. */
function contains(range: string, text: string): boolean {
  const [base = '', bits] = range.split('/');
  const [one, other] = [numberOf(base), numberOf(text)];
  const width = base.includes(':') ? 128n : 32n;
  return (
    base.includes(':') === text.includes(':') && one >> (width - BigInt(bits!)) === other >> (width - BigInt(bits!))
  );
}

function numberOf(text: string): bigint {
  if (!text.includes(':')) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail = ''] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [front, back] = [groups(head), text.includes('::') ? groups(tail) : []];
  const all = [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

describe('a look', () => {
  it('finds the address and every network around it, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(address, network), { maxLength: 60 }),
        fc.array(address, { maxLength: 40 }),
        (listed, asked) => {
          const values = listed.flatMap((text) => read(text) ?? []);
          const index = indexOf([{ source: 'a', values }]);
          for (const text of asked) {
            const value = read(text)!;
            const found = Array.from(index.findAll(value), (entry) => index.value(entry).value).sort();
            const expected = values
              .filter((each) =>
                each.kind === 'network' ? contains(each.value, value.value) : each.value === value.value,
              )
              .map((each) => each.value);
            expect(found).toEqual([...new Set(expected)].sort());
          }
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('finds exactly what was put in, of every kind', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,6}$/);
    const domain = fc.tuple(label, label).map(([a, b]) => `${a}.x${b}`);
    const url = fc.tuple(domain, fc.webPath()).map(([host, path]) => `http://${host}${path || '/'}`);
    const digest = fc
      .constantFrom(32, 40, 64)
      .chain((length) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)));
    const endpoint = fc
      .tuple(address, fc.integer({ min: 1, max: 65_535 }))
      .map(([text, port]) => (text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`));
    const any = fc.oneof(address, network, domain, url, digest, endpoint);
    fc.assert(
      fc.property(fc.array(any, { maxLength: 200 }), fc.array(any, { maxLength: 100 }), (listed, others) => {
        const values = listed.flatMap((text) => read(text) ?? []);
        const index = indexOf([{ source: 'a', values }]);
        const names = new Set(values.map(({ kind, value }) => `${kind} ${value}`));
        expect(index.size).toBe(names.size);
        for (const text of [...listed, ...others]) {
          const value = read(text);
          if (!value) continue;
          const entry = index.findValue(value);
          expect(entry >= 0).toBe(names.has(`${value.kind} ${value.value}`));
          if (entry >= 0) expect(index.value(entry)).toEqual(value);
        }
        expect(Array.from(index.entriesFrom(0))).toHaveLength(names.size);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  it('finds names below a name only where that stands for them', () => {
    const values = [
      { kind: 'domain' as const, value: 'evil.example', subdomains: true },
      { kind: 'domain' as const, value: 'only.example', subdomains: false },
    ];
    const index = indexOf([{ source: 'a', values }]);
    const found = (value: string) =>
      Array.from(index.findAll({ kind: 'domain', value }), (entry) => index.value(entry).value);
    expect(found('a.b.evil.example')).toEqual(['evil.example']);
    expect(found('evil.example')).toEqual(['evil.example']);
    expect(found('notevil.example')).toEqual([]);
    expect(found('www.only.example')).toEqual([]);
    expect(found('only.example')).toEqual(['only.example']);
  });
});

describe('an index', () => {
  it('gives back what each source said, as it said it', () => {
    const indicator: Indicator = {
      ...UNSAID,
      kind: 'endpoint',
      value: '203.0.113.7:443',
      side: 'destination',
      confidence: 80,
      tlp: 'red',
      untilUs: 2_000_000_000 * 1e6,
      about: 'Überwachung',
      techniques: ['T1071.001', 'T1105'],
      tactics: ['command-and-control'],
    };
    const records = new RecordWriter();
    records.add(indicator, 1_700_000_000 * 1e6);
    const about = { name: 'isac', confidence: 10, tlp: 'green' as const };
    const index = new IntelIndex(buildIndex([{ id: 700, about, chunks: records.finish() }], 0));
    expect(index.claims(index.findValue(indicator))).toEqual([
      {
        source: 'isac',
        side: 'destination',
        subdomains: false,
        confidence: 80,
        tlp: 'red',
        sinceUs: 1_700_000_000 * 1e6,
        untilUs: 2_000_000_000 * 1e6,
        about: 'Überwachung',
        techniques: ['T1071.001', 'T1105'],
        tactics: ['command-and-control'],
      },
    ]);
  });

  it('has what its source is worth where an indicator says nothing, and nothing that has ended or was taken out', () => {
    const records = new RecordWriter();
    records.add({ ...UNSAID, kind: 'domain', value: 'stays.example' }, 1e6);
    records.add({ ...UNSAID, kind: 'domain', value: 'ended.example', untilUs: 5e6 }, 1e6);
    records.add({ ...UNSAID, kind: 'domain', value: 'taken.example' }, 1e6);
    const sources = [{ id: 1, about: { name: 'a', confidence: 33, tlp: 'amber' as const }, chunks: records.finish() }];
    const index = new IntelIndex(buildIndex(sources, 5e6, (key) => Buffer.from(key).includes('taken')));
    expect(index.size).toBe(1);
    const [claim] = index.claims(index.findValue({ kind: 'domain', value: 'stays.example' }));
    expect(claim).toMatchObject({ confidence: 33, tlp: 'amber', untilUs: undefined });
  });
});

describe('what sources say together', () => {
  const claim = (source: string, confidence: number, more: Partial<Claim> = {}): Claim => ({
    source,
    confidence,
    side: 'any',
    subdomains: false,
    tlp: 'clear',
    sinceUs: DAY_US,
    untilUs: undefined,
    about: '',
    techniques: [],
    tactics: [],
    ...more,
  });
  const weight = (...confidences: number[]) => weigh(confidences.map((each, n) => claim(`s${n}`, each)))!.confidence;

  it('is what one says where it is alone, more where they agree, less where one contradicts', () => {
    expect(weight(80)).toBe(80);
    expect(weight(100)).toBe(100);
    expect(weight(50, 50)).toBe(63);
    expect(weight(80, 80)).toBeGreaterThan(80);
    expect(weight(80, 10)).toBe(70);
    expect(weight(80, 25)).toBe(80);
    expect(weight(80, 60)).toBeGreaterThan(weight(80, 30));
  });

  it('never comes out beyond 100, falls with no order of the sources, and counts a source once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100), { minLength: 1, maxLength: 8 }), (confidences) => {
        const one = weight(...confidences);
        expect(one).toBeGreaterThanOrEqual(0);
        expect(one).toBeLessThanOrEqual(100);
        expect(weight(...confidences.toReversed())).toBe(one);
      }),
      { seed: SEED },
    );
    expect(weigh([claim('a', 80), claim('a', 80), claim('a', 20)])!.confidence).toBe(80);
  });

  it('is as strict as the strictest, as old as the oldest, and explained', () => {
    const weighed = weigh([claim('a', 80, { tlp: 'green' }), claim('b', 10, { tlp: 'red', sinceUs: 1e6 })])!;
    expect(weighed).toMatchObject({ tlp: 'red', sinceUs: 1e6 });
    expect(explainWeight(weighed)).toBe('70 of 100: a 80, b 10 (counts 1/2, contradicts)');
    expect(weigh([])).toBeUndefined();
  });
});
