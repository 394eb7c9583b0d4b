import type { ComplianceControl, ComplianceFact, ComplianceReport } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { printable } from './printable.ts';
import { humanTime, isoTime } from './time.ts';

/** Names that --framework takes. The collector has the tables. */
export const FRAMEWORK_NAMES = ['gdpr', 'soc2', 'pci-dss', 'sox', 'fisma', 'hipaa', 'nis2'] as const;

export function reportRecord(report: ComplianceReport): JsonRecord {
  return {
    framework: report.framework ?? '',
    title: report.title ?? '',
    from: isoTime(report.fromUs),
    to: isoTime(report.toUs),
    made_at: isoTime(report.madeAtUs),
    'collector.version': report.collectorVersion ?? '',
    controls: (report.controls ?? []).map((control) => ({
      id: control.id ?? '',
      title: control.title ?? '',
      asks: control.asks ?? '',
      facts: control.facts ?? [],
      not_shown: control.notShown ?? '',
    })),
    facts: (report.facts ?? []).map((fact) => ({
      id: fact.id ?? '',
      title: fact.title ?? '',
      query: fact.query ?? '',
      problem: fact.problem || undefined,
      values: (fact.values ?? []).map(({ label, value }) => ({ label: label ?? '', value: value ?? '' })),
    })),
  };
}

export const REPORT_KEYS = [
  'framework',
  'control',
  'title',
  'fact',
  'label',
  'value',
  'problem',
  'not_shown',
  'query',
] as const;

/** A row for each figure of each control; one for a fact that has none. */
export function reportRows(report: ComplianceReport): JsonRecord[] {
  return (report.controls ?? []).flatMap((control) =>
    factsOf(report, control).flatMap((fact) => {
      const values = fact.values?.length ? fact.values : [{}];
      return values.map(({ label, value }) => ({
        framework: report.framework ?? '',
        control: control.id ?? '',
        title: control.title ?? '',
        fact: fact.id ?? '',
        label: label ?? '',
        value: value ?? '',
        problem: fact.problem ?? '',
        not_shown: control.notShown ?? '',
        query: fact.query ?? '',
      }));
    }),
  );
}

/** For people at a terminal; the queries stand in the other forms. */
export function reportLines(report: ComplianceReport, utc: boolean): string[] {
  const time = (us: number | null | undefined) => (us ? humanTime(us, utc) : 'the beginning');
  return [
    `${report.title}: ${time(report.fromUs)} to ${time(report.toUs)}`,
    ...(report.controls ?? []).flatMap((control) => [
      '',
      `${control.id}  ${control.title}`,
      `  asks: ${control.asks}`,
      ...factsOf(report, control).flatMap((fact) => [
        `  ${fact.title}`,
        ...figures(fact).map((line) => `    ${printable(line)}`),
      ]),
      `  not shown: ${control.notShown}`,
    ]),
  ];
}

function figures({ values, problem }: ComplianceFact): string[] {
  if (problem) return [`could not be measured: ${problem}`];
  if (!values?.length) return ['none'];
  return values.map(({ label, value }) => `${label}: ${value}`);
}

export function factsOf(report: ComplianceReport, control: ComplianceControl): ComplianceFact[] {
  return (control.facts ?? []).flatMap((id) => report.facts?.find((fact) => fact.id === id) ?? []);
}
