import type { Alert, Detection, EventReference, SignedTreeHead } from '@threatguard/proto';
import type { CheckedTreeHead } from '@threatguard/proto/evidence';
import { appendAudit } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import type { Database } from './database.ts';
import { type ErasureMark, erasedPayloads } from './erasure-records.ts';
import * as reads from './evidence-reads.ts';
import * as tree from './tree-reads.ts';
import { addHead, recordEnvelopes, recordIdle, type WantedAgents } from './tree-records.ts';

/** What is kept as evidence, and the tree over it. Errors as those of Store. */
export class EvidenceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds a part of what came since to the tree; again until there is no `more`. Of some agents, or of all. */
  recordEnvelopes(atUs: number, agents?: WantedAgents) {
    return this.#database.transaction((session) => recordEnvelopes(session, atUs, agents));
  }

  /** Says of agents that nothing came since; again until it returns 0. */
  recordIdle(atUs: number, agents?: WantedAgents): Promise<number> {
    return this.#database.transaction((session) => recordIdle(session, atUs, agents));
  }

  /** Signs the tree as it is. Without `always`, undefined where it did not grow since the newest head. */
  addHead(
    atUs: number,
    how: { sign: (head: Omit<CheckedTreeHead, 'digest'>) => SignedTreeHead; always: boolean },
  ): Promise<SignedTreeHead | undefined> {
    return this.#database.transaction((session) => addHead(session, atUs, how));
  }

  /** Newest first. */
  heads(limit: number): Promise<SignedTreeHead[]> {
    return tree.listHeads(this.#database, limit);
  }

  earlierHeads(below: number, wanted: Parameters<typeof tree.earlierHeads>[2]) {
    return tree.earlierHeads(this.#database, below, wanted);
  }

  inclusion(leaf: number, treeSize: number): Promise<Uint8Array[]> {
    return tree.readInclusion(this.#database, leaf, treeSize);
  }

  consistency(first: number, second: number): Promise<Uint8Array[]> {
    return tree.readConsistency(this.#database, first, second);
  }

  entrySpan(agentId: string, span: { fromUs: number; toUs: number; treeSize: number }) {
    return tree.entrySpan(this.#database, agentId, span);
  }

  entries(agentId: string, numbers: { first: number; last: number }): AsyncIterable<tree.StoredEntry> {
    return tree.entriesByNumber(this.#database, agentId, numbers);
  }

  entryAt(leaf: number): Promise<tree.StoredEntry | undefined> {
    return tree.entryAt(this.#database, leaf);
  }

  placesOf(references: readonly EventReference[], treeSize: number) {
    return tree.placesOf(this.#database, references, treeSize);
  }

  digestsOf(run: reads.RunPlace): Promise<Map<number, Uint8Array>> {
    return reads.digestsOf(this.#database, run);
  }

  keptSequences(run: reads.RunPlace): Promise<Map<number, number>> {
    return reads.keptSequences(this.#database, run);
  }

  /** Envelopes of a run whose payload was erased, by sequence. */
  erasedPayloads(run: reads.RunPlace): Promise<Map<number, ErasureMark>> {
    return erasedPayloads(this.#database, run);
  }

  envelopes(run: reads.RunPlace, wanted: readonly { sequence: number; bytes: number }[]) {
    return reads.readEnvelopes(this.#database, run, wanted);
  }

  detectionsOf(alert: Alert): Promise<{ bytes: Uint8Array; detection: Detection }[]> {
    return reads.detectionsOf(this.#database, alert);
  }

  /** That somebody took evidence out, in the audit log. */
  noteExport(atUs: number, by: AuditActor, fact: { subject: string; after: unknown }): Promise<void> {
    return this.#database.transaction((session) =>
      appendAudit(session, atUs, by, { action: 'evidence.exported', ...fact }),
    );
  }
}
