import { ConsoleError } from './console-error.ts';

/** An entry of the audit log that somebody noted elsewhere. */
export interface KeptAuditHead {
  sequence: number;
  /** Hex. */
  digest: string;
}

/** `NUMBER:SHA256`, as `audit verify` and tree heads (audit.sequence, audit.sha256) have them. */
export function parseAuditHead(text: string): KeptAuditHead {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text);
  if (match) return { sequence: Number(match[1]), digest: match[2]!.toLowerCase() };
  throw new ConsoleError(
    'usage',
    `--head "${text}": write NUMBER:SHA256, as "threatguard audit verify" shows its head`,
  );
}
