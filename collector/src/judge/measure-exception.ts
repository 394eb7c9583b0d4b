// What an exception would have hidden, of what is stored: counted before it is saved.
import { type Detection, type ExceptionReach, Verdict } from '@threatguard/proto';
import type { ExceptionRecord, StoredDetection } from '../store/judgement-store.ts';
import { fieldValue } from './exception-index.ts';

/** Looked at for one answer, a second or two of the embedded engine. */
const DETECTIONS_MAX = 100_000;
/** A person waits. */
const MEASURE_MS_MAX = 5_000;
const SAMPLES_MAX = 5;
const HOSTS_SHOWN_MAX = 20;

/** `stored` are the detections of the rule, newest first. */
export async function measureException(
  conditions: ExceptionRecord['conditions'],
  stored: AsyncIterable<readonly StoredDetection[]>,
  parts: { sinceUs: number; agentName: (agentId: string) => string; nowMs?: () => number },
): Promise<ExceptionReach> {
  const { sinceUs, agentName, nowMs = () => performance.now() } = parts;
  const count = new ReachCount(conditions);
  const untilMs = nowMs() + MEASURE_MS_MAX;
  let [countedBackToUs, partial] = [sinceUs, false];
  for await (const page of stored) {
    for (const { detection } of page) count.add(detection);
    if (count.looked >= DETECTIONS_MAX || nowMs() >= untilMs) {
      countedBackToUs = page.at(-1)?.lastAtUs ?? sinceUs;
      partial = true;
      break;
    }
  }
  const hosts = Array.from(count.hosts, ([agentId, count]) => ({ agentId, agentName: agentName(agentId), count }));
  return {
    sinceUs: countedBackToUs,
    partial,
    ruleDetections: count.looked,
    hidden: count.hidden,
    hosts: hosts.sort((a, b) => b.count - a.count || (a.agentName < b.agentName ? -1 : 1)).slice(0, HOSTS_SHOWN_MAX),
    hostsTotal: hosts.length,
    samples: count.samples,
    without: conditions.map(({ field }) => ({ field, count: count.hidden + (count.onlyDiffersIn.get(field) ?? 0) })),
  };
}

class ReachCount {
  looked = 0;
  hidden = 0;
  readonly hosts = new Map<string, number>();
  readonly samples: Detection[] = [];
  /** Of what would not have been hidden, how many one field alone kept from it. */
  readonly onlyDiffersIn = new Map<string, number>();
  readonly #conditions: ExceptionRecord['conditions'];

  constructor(conditions: ExceptionRecord['conditions']) {
    this.#conditions = conditions;
  }

  add(detection: Detection): void {
    // What another exception hides, or a rule on trial said, alarmed nobody.
    if (detection.verdict === Verdict.VERDICT_EXCEPTED || detection.verdict === Verdict.VERDICT_SIMULATED) return;
    this.looked++;
    const different = this.#conditions.filter(({ field, value }) => fieldValue(detection, field) !== value);
    const [first, second] = different;
    if (first && !second) this.onlyDiffersIn.set(first.field, (this.onlyDiffersIn.get(first.field) ?? 0) + 1);
    if (first) return;
    this.hidden++;
    const agentId = detection.agentId ?? '';
    this.hosts.set(agentId, (this.hosts.get(agentId) ?? 0) + 1);
    if (this.samples.length < SAMPLES_MAX) this.samples.push(detection);
  }
}
