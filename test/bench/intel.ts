// How quickly a million indicators answer, what each takes of memory, and what they cost an event in a shard, beside a plain Map of
// the same values.
// Run: node --expose-gc test/bench/intel.ts [indicators]. One JSON object a line.
import { Batch, type HostEvent } from '@threatguard/proto';
import type { EnrichedBatch } from '../../collector/src/batch.ts';
import { buildIndex } from '../../collector/src/detect/intel/build-index.ts';
import { UNSAID } from '../../collector/src/detect/intel/feed-report.ts';
import type { IndicatorValue } from '../../collector/src/detect/intel/indicator.ts';
import { KeyWriter } from '../../collector/src/detect/intel/indicator-key.ts';
import { IntelIndex } from '../../collector/src/detect/intel/intel-index.ts';
import { IntelMatcher } from '../../collector/src/detect/intel/intel-matcher.ts';
import { RecordWriter } from '../../collector/src/detect/intel/packed-records.ts';
import { enrichedBatch, hostEvent, STARTED_AT_US } from '../support/rule-events.ts';

const INDICATORS = Number(process.argv[2] ?? 1_000_000);
const LOOKS = 2_000_000;
const BATCH_EVENTS = 500;
const BATCHES = 100;
const SECONDS_MIN = 2;
const PREFIXES = [16, 18, 19, 20, 21, 22, 23, 24];

const hex = (n: number, length: number) =>
  (Math.imul(n, 0x9e37_79b1) >>> 0).toString(16).padStart(8, '0').repeat(8).slice(0, length);
const ipv4 = (n: number) => {
  const spread = Math.imul(n, 0x9e37_79b1) >>> 0;
  return `${11 + ((spread >>> 24) % 200)}.${(spread >>> 16) & 255}.${(spread >>> 8) & 255}.${spread & 255}`;
};

/** Of 100: 55 addresses, 5 with a port, 2 networks, 20 domains, 8 URLs, 10 digests. */
function indicator(n: number): IndicatorValue {
  const kind = n % 100;
  if (kind < 55) return { kind: 'address', value: ipv4(n) };
  if (kind < 60) return { kind: 'endpoint', value: `${ipv4(n)}:${1024 + (n % 60_000)}` };
  if (kind < 62) return { kind: 'network', value: `${ipv4(n)}/${PREFIXES[n % PREFIXES.length]}` };
  if (kind < 82) return { kind: 'domain', value: `h${hex(n, 10)}.example${n % 97}.org` };
  if (kind < 90) return { kind: 'url', value: `http://h${hex(n, 8)}.example/${hex(n + 1, 12)}` };
  return { kind: 'sha256', value: hex(n, 64) };
}

const collect = () => (globalThis as { gc?: () => void }).gc?.();
const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
const print = (line: object) => console.log(JSON.stringify(line));

function perSecond(count: number, work: () => number): { rate: number; found: number } {
  work();
  const startedMs = performance.now();
  const found = work();
  return { rate: Math.round((count / (performance.now() - startedMs)) * 1000), found };
}

const records = new RecordWriter();
for (let n = 0; n < INDICATORS; n++) {
  records.add({ ...UNSAID, ...indicator(n), subdomains: true, about: `campaign ${n % 500}` }, STARTED_AT_US);
}
const about = { name: 'bench', confidence: 60, tlp: 'green' as const };
const chunks = records.finish();
const builtFromMs = performance.now();
const index = new IntelIndex(buildIndex([{ id: 1, about, chunks }], 0));
const buildMs = Math.round(performance.now() - builtFromMs);

// Half of what is looked for is listed, in no order.
const asked = Array.from({ length: 200_000 }, (_, n) =>
  indicator(n % 2 ? (Math.imul(n, 7_919) % INDICATORS) >>> 0 : INDICATORS + n),
);
const keys = new KeyWriter();
const looks = perSecond(LOOKS, () => {
  let found = 0;
  for (let n = 0; n < LOOKS; n++) {
    if (keys.write(asked[n % asked.length]!) && index.find(keys) >= 0) found++;
  }
  return found;
});
const addresses = asked.filter(({ kind }) => kind === 'address');
const withNetworks = perSecond(LOOKS, () => {
  let found = 0;
  for (let n = 0; n < LOOKS; n++) {
    if (!keys.address(addresses[n % addresses.length]!.value)) continue;
    if (index.find(keys) >= 0) found++;
    for (const bits of index.prefixes4) {
      keys.network(bits);
      if (index.find(keys) >= 0) found++;
    }
  }
  return found;
});

collect();
const heapBefore = process.memoryUsage().heapUsed;
const map = new Map<string, object>();
for (let n = 0; n < INDICATORS; n++) {
  const { kind, value } = indicator(n);
  map.set(`${kind} ${value}`, { source: 1, confidence: 60, tlp: 1, since: STARTED_AT_US, until: 0, about: n % 500 });
}
collect();
const mapBytes = process.memoryUsage().heapUsed - heapBefore;
const mapLooks = perSecond(LOOKS, () => {
  let found = 0;
  for (let n = 0; n < LOOKS; n++) {
    const { kind, value } = asked[n % asked.length]!;
    if (map.has(`${kind} ${value}`)) found++;
  }
  return found;
});
print({
  what: 'a Map of objects',
  lookupsPerSecond: mapLooks.rate,
  bytesPerIndicator: Math.round(mapBytes / map.size),
});
if (looks.found !== mapLooks.found) throw new Error(`found ${looks.found}, a Map ${mapLooks.found}`);
map.clear();

/** Of 100: 60 programs, 30 connections, 5 questions, 5 others; one in a thousand connections goes to what is listed. */
function ordinaryEvent(n: number): HostEvent {
  const kind = n % 100;
  const atUs = STARTED_AT_US + n * 1_000;
  if (kind < 60) {
    const process = { pid: n, executable: '/usr/bin/gcc', args: ['gcc', '-O2', '-c', `src/file${n % 50}.c`] };
    return hostEvent({ class: 'PROCESS', activity: 'EXEC', process }, atUs);
  }
  if (kind < 90) {
    const destinationAddress = n % 1_000 === 77 ? ipv4(n - (n % 100)) : `10.1.${n % 200}.7`;
    const network = {
      transport: 'tcp',
      sourceAddress: '10.0.0.5',
      sourcePort: 40_000,
      destinationAddress,
      destinationPort: 443,
    };
    return hostEvent({ class: 'NETWORK', activity: 'CONNECTION_OPENED', network }, atUs);
  }
  if (kind < 95)
    return hostEvent(
      { class: 'NETWORK', activity: 'DNS_QUERY', network: { questionName: `www${n % 40}.debian.org` } },
      atUs,
    );
  return hostEvent({ class: 'HOST', activity: 'SAMPLE', host: { cpuPercent: 12 } }, atUs);
}

const batches: EnrichedBatch[] = Array.from({ length: BATCHES }, (_, at) => {
  const events = Array.from({ length: BATCH_EVENTS }, (_, index) => ordinaryEvent(at * BATCH_EVENTS + index));
  return enrichedBatch(Batch.decode(Batch.encode({ events }).finish()).events as HostEvent[], { sequence: at });
});

function nanosecondsPerEvent(pass: (batch: EnrichedBatch) => number): number {
  for (const batch of batches) pass(batch);
  let events = 0;
  const startedMs = performance.now();
  while (performance.now() - startedMs < SECONDS_MIN * 1_000) {
    for (const batch of batches) {
      pass(batch);
      events += batch.events.length;
    }
  }
  return Math.round(((performance.now() - startedMs) * 1e6) / events);
}

const empty = nanosecondsPerEvent(({ events }) => events.reduce((sum, event) => sum + (event.class ?? 0), 0));
const none = new IntelMatcher(new IntelIndex());
const without = nanosecondsPerEvent((batch) => none.match(batch).length);
const matcher = new IntelMatcher(index);
const withAll = nanosecondsPerEvent((batch) => matcher.match(batch).length);
print({ what: 'an event in a shard, ns', emptyLoop: empty, noIndicators: without, allIndicators: withAll });
print({
  what: 'an address and all networks around it',
  prefixes: index.prefixes4.length,
  lookupsPerSecond: withNetworks.rate,
});
print({
  indicators: index.size,
  lookupsPerSecond: looks.rate,
  bytesPerIndicator: Math.round((index.bytes / index.size) * 10) / 10,
  sharedMiB: mib(index.bytes),
  buildMs,
});
