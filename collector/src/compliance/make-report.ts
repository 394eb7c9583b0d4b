import type { ComplianceFact, ComplianceReport, ComplianceValue } from '@threatguard/proto';
import type { ComplianceStore } from '../store/compliance-store.ts';
import type { Retention } from '../store/retention.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import { timestamp } from '../store/values.ts';
import { CHAIN_FACT, FACTS, type FactId, SETTINGS_FACT } from './facts.ts';
import type { Framework } from './framework.ts';

const VALUES_MAX = 100;

export interface ReportParts {
  store: Pick<Store, 'verifyAudit'> & { compliance: Pick<ComplianceStore, 'measure'> };
  retention: Retention;
  collectorVersion: string;
  nowUs: () => number;
}

/** Every fact the framework names, measured once each; one that cannot be measured says why, and the others stand. */
export async function makeReport(
  parts: ReportParts,
  { name, framework, fromUs, toUs }: { name: string; framework: Framework; fromUs: number; toUs: number },
): Promise<ComplianceReport> {
  const ids = new Set(framework.controls.flatMap(({ facts }) => facts));
  const facts: ComplianceFact[] = [];
  // One after the other: agents' commits and analysts' searches go before a report.
  for (const id of ids) facts.push(await measure(parts, id, { fromUs, toUs }));
  return {
    framework: name,
    title: framework.title,
    fromUs,
    toUs,
    madeAtUs: parts.nowUs(),
    collectorVersion: parts.collectorVersion,
    controls: framework.controls.map((control) => ({ ...control, facts: [...control.facts] })),
    facts,
  };
}

async function measure(
  { store, retention }: ReportParts,
  id: FactId,
  span: { fromUs: number; toUs: number },
): Promise<ComplianceFact> {
  if (id === SETTINGS_FACT) {
    const values = Object.entries(retention).map(([kind, days]) => ({
      label: LABELS[kind] ?? kind,
      value: `${days} days`,
    }));
    return { id, title: 'How long each kind is kept', query: 'retention, in collector.yaml', values };
  }
  const known = id === CHAIN_FACT ? CHAIN : FACTS[id];
  const about = { id, title: known.title, query: known.sql };
  try {
    if (id === CHAIN_FACT) return { ...about, values: await measureChain(store) };
    const rows = await store.compliance.measure(`${SPAN} ${known.sql}`, [timestamp(span.fromUs), timestamp(span.toUs)]);
    const values = rows
      .slice(0, VALUES_MAX)
      .map(({ label, value }) => ({ label: String(label), value: String(value ?? '') }));
    return { ...about, values };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { ...about, problem: error.message };
  }
}

/** A statement that does not ask for both ends of the span would not be told their types. */
const SPAN = 'with span as (select $1::timestamptz, $2::timestamptz)';

const CHAIN = { title: 'The audit log is the one that was written', sql: 'threatguard audit verify' };

async function measureChain(store: Pick<Store, 'verifyAudit'>): Promise<ComplianceValue[]> {
  const { entries, firstSequence, head, problem } = await store.verifyAudit();
  return [
    {
      label: 'result',
      value: problem ? `entry ${problem.sequence} is ${problem.what}` : 'every entry is what was written',
    },
    { label: 'entries in order', value: `${entries}, from ${firstSequence}` },
    { label: 'head', value: `${head.sequence}, SHA-256 ${Buffer.from(head.digest).toString('hex')}` },
  ];
}

const LABELS: Record<string, string> = {
  seriesMinute: 'counts by minute',
  audit: 'audit log',
};
