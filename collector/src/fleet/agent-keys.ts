// Every signing key any agent ever had: whose it is, and whether it speaks for him still.
//
// Invariants: a key belongs to one agent for ever; of one agent exactly one key is current (AgentRecord.keyId), those that
// came before it are superseded, those after it are granted and become current when the agent first connects with one.
import { type KeyObject, X509Certificate } from 'node:crypto';
import { keyId as idOf } from '@threatguard/proto';
import type { AgentCertificate } from '../store/fleet-record.ts';

/** What a key is to its agent. */
export type KeyStanding = 'current' | 'granted' | 'superseded';

export interface SigningKey {
  publicKey: KeyObject;
  signingKeyId: Uint8Array;
}

/** A key that was certified, without its certificates: a fleet has tens of thousands. */
interface KnownKey {
  keyId: string;
  publicKey: KeyObject;
}

export class AgentKeys {
  readonly #owners = new Map<string, string>();
  /** In the order they came. */
  readonly #keys = new Map<string, KnownKey[]>();

  /** The keys of one agent in the order they came. */
  constructor(certificates: readonly AgentCertificate[]) {
    for (const each of certificates) this.add(each);
  }

  /** Who has or had a key; undefined where nobody did. */
  ownerOf(keyId: string): string | undefined {
    return this.#owners.get(keyId);
  }

  standing(agentId: string, keyId: string, currentKeyId: string): KeyStanding | undefined {
    if (keyId === currentKeyId) return 'current';
    const keys = this.#keys.get(agentId)?.map((each) => each.keyId) ?? [];
    const at = keys.indexOf(keyId);
    if (at < 0) return undefined;
    return at < keys.indexOf(currentKeyId) ? 'superseded' : 'granted';
  }

  /** How many keys were granted after the current one. */
  grantedAfter(agentId: string, currentKeyId: string): number {
    const keys = this.#keys.get(agentId) ?? [];
    return keys.length - 1 - keys.findIndex(({ keyId }) => keyId === currentKeyId);
  }

  /**
   * All keys of an agent: what comes on its stream may have waited in its spool, signed with the key of its time. Empty
   * where it had one only.
   */
  signers(agentId: string): SigningKey[] {
    const keys = this.#keys.get(agentId) ?? [];
    if (keys.length < 2) return [];
    return keys.map(({ publicKey }) => ({ publicKey, signingKeyId: idOf(publicKey) }));
  }

  add({ agentId, keyId, certificate }: Pick<AgentCertificate, 'agentId' | 'keyId' | 'certificate'>): void {
    if (this.#owners.has(keyId)) return;
    this.#owners.set(keyId, agentId);
    const { publicKey } = new X509Certificate(certificate);
    this.#keys.set(agentId, [...(this.#keys.get(agentId) ?? []), { keyId, publicKey }]);
  }
}
