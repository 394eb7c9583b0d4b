// The services that agents call, put together: a stream of telemetry for those that are enrolled, enrolment for the others.
import { enrolmentService } from '@threatguard/proto';
import type { Logger } from 'pino';
import type { AgentReports } from './agent-reports.ts';
import { enrolmentHandlers } from './api/enrolment-service.ts';
import type { Attendance } from './fleet/attendance.ts';
import type { CertificateAuthorities } from './fleet/authorities.ts';
import { CertificateError } from './fleet/certificate-authority.ts';
import type { CertificateCare } from './fleet/certificate-care.ts';
import { agentPresented, CertificationError, certifyAgent } from './fleet/certification.ts';
import { type CloneWatch, hostMarks } from './fleet/clone-watch.ts';
import type { RunningEpochs } from './fleet/epochs/start-epochs.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { SessionRegister } from './fleet/session-register.ts';
import type { Service } from './ingest/collector-server.ts';
import { telemetryServerService } from './ingest/frames.ts';
import { type Peers, provenSession } from './ingest/peers.ts';
import type { Sessions } from './ingest/sessions.ts';
import { serveTelemetry } from './ingest/telemetry-service.ts';
import type { Pipeline } from './pipeline.ts';
import type { Shards } from './shards/shards.ts';
import type { Store } from './store/store.ts';

/** What a second host with the identity of an agent is told. */
const CLONED_BECAUSE = {
  machine_id: 'this identity belongs to a host with another machine id; enroll this host by itself',
  boot_id: 'this identity is in use on another host that is connected now; enroll this host by itself',
};

export interface AgentServicesParts {
  store: Store;
  fleet: Fleet;
  authorities: CertificateAuthorities;
  kem: RunningEpochs;
  peers: Peers;
  sessions: Sessions;
  clones: CloneWatch;
  attendance: Attendance;
  register: SessionRegister;
  care: Pick<CertificateCare, 'forget'>;
  shards: Shards;
  pipeline: Pipeline;
  reports: AgentReports;
  agentName: (agentId: string) => string;
  /** How long after its expiry an agent may still ask for another certificate. */
  graceUs: number;
  /** Whether only invented hosts may enrol. */
  demo: boolean;
  nowMs: () => number;
  log: Logger;
  failed: (error: unknown) => void;
}

export function agentServices(parts: AgentServicesParts): Service[] {
  return [
    { definition: telemetryServerService, handlers: { stream: telemetry(parts) } },
    { definition: enrolmentService, handlers: enrolment(parts) },
  ];
}

function telemetry(parts: AgentServicesParts) {
  const { store, fleet, authorities, kem, peers, sessions, clones, attendance, pipeline, reports, log, failed } = parts;
  const nowUs = () => parts.nowMs() * 1000;
  const certification = { fleet, authorities };
  return serveTelemetry({
    peers,
    sessions,
    kemKey: (agentId) => kem.epochs.announcementFor(agentId),
    trustAnchors: () => authorities.announced,
    judgeHost: async (agentId, hello, address) => {
      const sign = await clones.judge(fleet.agent(agentId)!, hostMarks(hello));
      if (!sign) return undefined;
      reports.cloned(agentId, { sign, address });
      return CLONED_BECAUSE[sign];
    },
    presented: ({ id, certificate, caSha256 }) =>
      agentPresented(certification, { agentId: id, certificate, caSha256 }, nowUs()),
    certify: async ({ id: agentId, publicKey }, from, request) => {
      try {
        return {
          certificate: await certifyAgent(certification, request, { agentId, publicKey, from, nowUs: nowUs() }),
        };
      } catch (error) {
        if (!(error instanceof CertificationError || error instanceof CertificateError)) throw error;
        log.warn({ agent: agentId, code: error.code, reason: error.message }, 'no certificate for an agent');
        return { refusal: error.message };
      }
    },
    nowUs,
    agentName: parts.agentName,
    positions: (agentId) => store.streamPositions(agentId),
    findDigest: (agentId, streamId, sequence) => store.headerDigest(agentId, streamId, sequence),
    receive: (envelope, sender) => pipeline.receive(envelope, sender),
    refused: (agentId, refusal) => pipeline.countRefusal(agentId, refusal),
    opened: (agent, hello, clockOffsetUs) => {
      clones.opened(agent.id, hostMarks(hello));
      parts.care.forget(agent.id);
      attendance.opened(agent, hello, clockOffsetUs);
      const session = provenSession(peers.at(agent.address));
      if (session) parts.register.opened({ ...session, provider: hello.cryptoProvider }, nowUs()).catch(failed);
    },
    heard: (agentId, beat) => {
      attendance.heard(agentId, beat);
      if (!beat) return;
      clones.heard(agentId, beat.sentAtUs / 1000);
      kem.agents.heard(agentId, beat.heartbeat);
    },
    confirmed: async (peer, confirmation) => {
      const shard = parts.shards.of(peer.id, Number.POSITIVE_INFINITY);
      kem.agents.confirm(peer.id, await shard.verifyConfirmation(peer.id, confirmation, peer), confirmation);
    },
    closed: (agentId) => {
      clones.closed(agentId);
      attendance.closed(agentId);
    },
    failed,
  });
}

function enrolment(parts: AgentServicesParts) {
  const { store, fleet, authorities, kem, peers, clones, reports, log, graceUs, demo, nowMs, failed } = parts;
  return enrolmentHandlers({
    fleet: { store, fleet, authorities, epochs: kem.epochs, live: (agentId) => clones.liveBoot(agentId), demo },
    graceUs,
    nowMs,
    expired: (address) => peers.at(address)?.expired,
    enrolled: (agent, superseded) => {
      log.info({ ...agent, replaced: superseded.map(({ id }) => id) }, 'enrolled');
      const { agent: successorId, address } = agent;
      for (const { id } of superseded) reports.replaced(id, { successorId, address });
    },
    recovered: (agent) => log.info(agent, 'an agent whose certificate had expired has another'),
    otherMachine: (agentId, address) => reports.cloned(agentId, { sign: 'machine_id', address }),
    failed,
  });
}
