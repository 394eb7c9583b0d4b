// Keeps what every session was protected with, and says when that became weaker.

import type { KeyObject } from 'node:crypto';
import { activeProfile, PROVIDER_NAMES, signatureAlgorithmOf } from '@threatguard/proto';
import type { AgentSession } from '../store/fleet-record.ts';
import type { Store } from '../store/store.ts';
import { weakened, weakness } from './crypto-policy.ts';

/** What the handshake proved, and what the hello adds. */
export interface OpenedSession {
  agentId: string;
  tlsProtocol: string;
  publicKey: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  keyId: string;
  certificateExpiresAtUs: number;
  provider: string | null | undefined;
}

export class SessionRegister {
  readonly #store: Pick<Store, 'recordAgentSession'>;
  readonly #weaker: (agentId: string, what: string[]) => void;

  /** `weaker` is told once: the sessions after it with the same properties are no news. */
  constructor(parts: { store: Pick<Store, 'recordAgentSession'>; weaker: (agentId: string, what: string[]) => void }) {
    this.#store = parts.store;
    this.#weaker = parts.weaker;
  }

  async opened(opened: OpenedSession, atUs: number): Promise<void> {
    const session = {
      agentId: opened.agentId,
      tlsProtocol: opened.tlsProtocol,
      // The listener offers this one group and no other; Node does not tell a server which was taken.
      tlsGroup: activeProfile().tlsGroup,
      signatureAlgorithm: signatureAlgorithmOf(opened.publicKey) ?? '',
      keyId: opened.keyId,
      // Anything else an agent says is as good as nothing, and a name of its choice is not for the table.
      provider: PROVIDER_NAMES.find((known) => known === opened.provider) ?? '',
      certificateExpiresAtUs: opened.certificateExpiresAtUs,
    };
    const before = await this.#store.recordAgentSession({ ...session, atUs });
    if (before && sameKind(before, session)) return;
    const what = new Set([...(before ? weakened(before, session) : []), ...weakness(session, activeProfile())]);
    if (what.size > 0) this.#weaker(opened.agentId, [...what]);
  }
}

function sameKind(a: Omit<AgentSession, 'firstAtUs' | 'lastAtUs'>, b: Omit<AgentSession, 'firstAtUs' | 'lastAtUs'>) {
  const kind = (session: typeof a) => [
    session.tlsProtocol,
    session.tlsGroup,
    session.signatureAlgorithm,
    session.provider,
  ];
  return kind(a).join(' ') === kind(b).join(' ');
}
