// The head of a bundle, heads before it, and heads that somebody kept.

import { verifyBytes } from '../signature.ts';
import type { EarlierHead, SignedTreeHead } from '../v1.ts';
import type { Findings } from './findings.ts';
import { verifyConsistency } from './merkle.ts';
import type { HeadReport } from './report.ts';
import { type CheckedTreeHead, readTreeHead } from './tree-head.ts';
import type { Authorities } from './trust.ts';

/** Heads of one bundle: those of its time, the newest, and those it was asked for. */
const EARLIER_HEADS_MAX = 1024;

/** A head noted outside: its digest in hex, and its number where that was noted too. */
export interface KeptHead {
  digest: string;
  number?: number | undefined;
}

export class HeadCheck {
  readonly head: CheckedTreeHead;
  readonly #findings: Findings;
  /** By number, those before it that the tree has only grown since. */
  readonly #shown = new Map<number, CheckedTreeHead>();
  #newest: CheckedTreeHead | undefined;

  private constructor(head: CheckedTreeHead, findings: Findings) {
    this.head = head;
    this.#findings = findings;
    this.#shown.set(head.number, head);
  }

  /** Undefined with a finding where it is no head that a collector signed. */
  static begin(signed: SignedTreeHead, authorities: Authorities, findings: Findings): HeadCheck | undefined {
    const message = signed.head ?? new Uint8Array();
    const head = readTreeHead(message);
    if (!head) {
      findings.add('head_signature_invalid', 'the tree head is not one');
      return undefined;
    }
    const publicKey = authorities.collectorKey(signed.certificate, head.signedAtUs);
    if (typeof publicKey === 'string') {
      findings.add('collector_certificate_invalid', `the certificate of the tree head: ${publicKey}`);
    } else if (
      !verifyBytes({ message, signature: signed.signature ?? new Uint8Array(), publicKey, purpose: 'treeHead' })
    ) {
      findings.add('head_signature_invalid', `tree head ${head.number} was not signed by the collector`);
    }
    return new HeadCheck(head, findings);
  }

  /** Earlier heads come oldest first. */
  takeEarlier(stated: EarlierHead): void {
    const findings = this.#findings;
    const earlier = readTreeHead(stated.head ?? new Uint8Array());
    const before = this.#newest;
    if (!earlier || earlier.number >= this.head.number || earlier.number <= (before?.number ?? 0)) {
      findings.add('head_inconsistent', 'an earlier tree head is none, or in no order');
      return;
    }
    const { head } = this;
    this.#newest = earlier;
    const first = { size: earlier.treeSize, root: earlier.root };
    const second = { size: head.treeSize, root: head.root };
    const grown = verifyConsistency({ first, second, proof: stated.consistency ?? [] });
    if (!grown) findings.add('head_inconsistent', `the tree of head ${earlier.number} is not how this one began`);
    for (const [one, next] of [
      [before, earlier],
      [earlier, head],
    ] as const) {
      if (one && one.number + 1 === next.number && !one.digest.equals(next.previousHeadDigest)) {
        findings.add('head_inconsistent', `tree head ${next.number} does not name the one before it`);
      }
    }
    if (grown && this.#shown.size < EARLIER_HEADS_MAX) this.#shown.set(earlier.number, earlier);
  }

  /** Numbers of the kept heads that this bundle is held against; a finding where there were some and it is against none. */
  hold(kept: readonly KeptHead[]): number[] {
    const held: number[] = [];
    const byDigest = new Map([...this.#shown.values()].map((head) => [head.digest.toString('hex'), head.number]));
    for (const { digest, number } of kept) {
      const found = byDigest.get(digest.toLowerCase());
      if (found !== undefined) held.push(found);
      else if (number !== undefined && this.#shown.has(number)) {
        this.#findings.add('head_conflict', `tree head ${number} of this bundle is another than the one that was kept`);
      }
    }
    if (kept.length > 0 && held.length === 0) {
      this.#findings.add(
        'head_not_shown',
        'the head that was kept is not among those of this bundle: export it again with --head and that head',
      );
    }
    return held.sort((a, b) => a - b);
  }

  report(): HeadReport {
    const { number, digest, treeSize, root, signedAtUs, auditSequence, auditDigest } = this.head;
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    return {
      number,
      digest: hex(digest),
      treeSize,
      root: hex(root),
      signedAtUs,
      auditSequence,
      auditDigest: hex(auditDigest),
    };
  }
}
