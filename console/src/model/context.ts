import { X509Certificate } from 'node:crypto';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';

/** A context with what is known of it without asking its collector. */
export interface KnownContext {
  name: string;
  home: string;
  current: boolean;
  /** HOST:PORT; undefined where the home cannot be read, and `problem` says why. */
  collector: string | undefined;
  certificateExpiresAtMs: number | undefined;
  problem: string;
}

export const CONTEXT_KEYS = ['name', 'current', 'collector', 'home', 'certificate_expires_at', 'problem'] as const;

export function contextRecord(context: KnownContext): JsonRecord {
  const { certificateExpiresAtMs: expires } = context;
  return {
    name: context.name,
    current: context.current,
    collector: context.collector ?? null,
    home: context.home,
    certificate_expires_at: expires === undefined ? null : new Date(expires).toISOString(),
    problem: context.problem,
  };
}

export const CONTEXT_COLUMNS: readonly Column<KnownContext>[] = [
  { title: '', cell: ({ current }) => (current ? '*' : '') },
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'COLLECTOR', cell: ({ collector }) => collector ?? '' },
  { title: 'HOME', cell: ({ home }) => home, shrink: true },
  { title: 'PROBLEM', cell: ({ problem }) => problem, shrink: true },
];

/** When a certificate of this console ends, in milliseconds; undefined where the text is none. */
export function certificateExpiry(pem: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}
