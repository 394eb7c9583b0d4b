import { type KeyObject, randomBytes } from 'node:crypto';
import {
  Activity,
  activeProvider,
  type CryptoProfile,
  EventClass,
  envelopeIdentity,
  type HostEvent,
  NO_PREVIOUS_DIGEST,
  Outcome,
  PROFILES,
  STREAM_ID_BYTES,
  type StreamPosition,
} from '@threatguard/proto';

/** Fresh keys of one agent and of the fleet, for tests that seal and open envelopes themselves. */
export function makeEnvelopeKeys(
  agentId = 'b9c3f1de-0000-4000-8000-000000000001',
  algorithms: Pick<CryptoProfile, 'signature' | 'kem'> = PROFILES.standard,
) {
  const signing = activeProvider().generate(algorithms.signature);
  const kem = activeProvider().generate(algorithms.kem);
  const identity = envelopeIdentity(agentId, signing);
  return {
    identity,
    signer: { agentId, publicKey: signing.publicKey, signingKeyId: identity.signingKeyId },
    kemKey: { epoch: 1, publicKey: kem.publicKey },
    kemPrivateKey: (epoch: number): KeyObject | undefined => (epoch === 1 ? kem.privateKey : undefined),
  };
}

export function newStream(): StreamPosition {
  return { streamId: randomBytes(STREAM_ID_BYTES), sequence: 0, headerDigest: NO_PREVIOUS_DIGEST };
}

export function processEvents(count: number, startAtUs = 1_790_000_000_000_000): HostEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    observedAtUs: startAtUs + index,
    class: EventClass.PROCESS,
    sensor: 'process.ebpf',
    process: { pid: 1000 + index, executable: '/usr/bin/true', args: ['true', String(index)] },
  }));
}

/** sshd, a wrong password for root. */
export function failedLogin(source: string, observedAtUs = Date.now() * 1000): HostEvent {
  return {
    observedAtUs,
    class: EventClass.AUTHENTICATION,
    activity: Activity.LOGON,
    outcome: Outcome.FAILURE,
    sensor: 'auth.file',
    serviceName: 'sshd',
    user: { name: 'root' },
    authentication: { method: 'password', sourceAddress: source, sourcePort: 50_000 },
  };
}

/** Twenty of them from one source: brute force by any measure. */
export function bruteForce(source: string, observedAtUs?: number): HostEvent[] {
  return Array.from({ length: 20 }, () => failedLogin(source, observedAtUs));
}
