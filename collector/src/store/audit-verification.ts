// Reads the whole audit log and says whether it is the one that was written.
import { type ChainLink, judgeEnd, judgeEntry } from '@threatguard/proto';
import { auditEntry, COLUMNS } from './audit.ts';
import type { AuditVerification } from './audit-entry.ts';
import type { Session } from './database.ts';

const PAGE_ROWS = 1_000;

/** Retention may move the beginning while entries are read; then they are read again. */
const ATTEMPTS_MAX = 3;

/**
 * Every kept entry, from the anchor to the head as it is now: numbered without a gap, each unaltered and naming the one
 * before it. The first that is not is named. Whoever can write to the database could rewrite the chain from an entry on:
 * compare the head with one noted elsewhere to exclude that.
 */
export async function verifyAuditChain(session: Session): Promise<AuditVerification> {
  for (let attempt = 1; ; attempt++) {
    const chain = await readChain(session);
    const report = await readEntries(session, chain);
    if (!report.problem || attempt === ATTEMPTS_MAX) return report;
    if ((await readChain(session)).anchor.sequence === chain.anchor.sequence) return report;
  }
}

export async function readChain(session: Session): Promise<{ anchor: ChainLink; head: ChainLink }> {
  const [row] = await session.query(
    'select anchor_sequence, anchor_digest, head_sequence, head_digest from audit_chain',
  );
  const nothing = new Uint8Array(32);
  return {
    anchor: { sequence: row?.anchor_sequence ?? 0, digest: row?.anchor_digest ?? nothing },
    // Without its row nothing could have been written: the first entry is what is missing.
    head: { sequence: row?.head_sequence ?? 1, digest: row?.head_digest ?? nothing },
  };
}

async function readEntries(
  session: Session,
  { anchor, head }: { anchor: ChainLink; head: ChainLink },
): Promise<AuditVerification> {
  let last = anchor;
  const report = { entries: 0, firstSequence: anchor.sequence + 1, head };
  while (last.sequence < head.sequence) {
    const rows = await session.query(
      `select ${COLUMNS} from audit where sequence > $1 and sequence <= $2 order by sequence limit ${PAGE_ROWS}`,
      [last.sequence, head.sequence],
    );
    if (rows.length === 0) return { ...report, problem: { sequence: last.sequence + 1, what: 'missing' } };
    for (const entry of rows.map(auditEntry)) {
      const problem = judgeEntry(entry, last);
      if (problem) return { ...report, problem };
      last = entry;
      report.entries++;
    }
  }
  return { ...report, problem: judgeEnd(last, head) };
}
