// The services that consoles call, put together. A new one is a row here and its roles in ingest/authorisation.ts.
import {
  certificatesService,
  complianceService,
  consoleService,
  cryptoService,
  evidenceService,
  exceptionsService,
  huntService,
  intelService,
  keysService,
  loginService,
  modelsService,
  rulesService,
  triageService,
  usersService,
} from '@threatguard/proto';
import type { Access } from './access/access.ts';
import { type CertificatesParts, certificatesHandlers } from './api/certificates.ts';
import { complianceHandlers } from './api/compliance.ts';
import { consoleHandlers } from './api/console-service.ts';
import { cryptoHandlers } from './api/crypto.ts';
import { evidenceHandlers } from './api/evidence.ts';
import { exceptionsHandlers } from './api/exceptions.ts';
import { huntHandlers } from './api/hunts.ts';
import { intelHandlers } from './api/intel.ts';
import { keysHandlers } from './api/keys.ts';
import { loginHandlers } from './api/login.ts';
import { modelsHandlers } from './api/models.ts';
import { rulesHandlers } from './api/rules.ts';
import type { StatusParts } from './api/status.ts';
import { triageHandlers } from './api/triage.ts';
import { usersHandlers } from './api/users.ts';
import type { AccessLog } from './compliance/access-log.ts';
import type { RunningModels } from './detect/behaviour/start.ts';
import type { TreeKeeper } from './evidence/tree-keeper.ts';
import type { RunningEpochs } from './fleet/epochs/start-epochs.ts';
import type { CallFrom } from './ingest/call-from.ts';
import type { Service } from './ingest/collector-server.ts';
import type { Peers } from './ingest/peers.ts';
import type { Sessions } from './ingest/sessions.ts';
import type { LiveRules } from './live-rules.ts';
import type { Pipeline } from './pipeline.ts';
import type { AlertFeed } from './publish/alert-feed.ts';
import type { Intel } from './start-intel.ts';
import type { AuditActor } from './store/audit-entry.ts';
import type { TriageScoring } from './triage/learned/triage-scoring.ts';
import type { TriageDesk } from './triage/triage-desk.ts';

export interface ConsoleServicesParts {
  status: Omit<StatusParts, 'epochs' | 'intel' | 'nowMs'>;
  rules: LiveRules;
  kem: RunningEpochs;
  access: Access;
  /** Whether a certificate alone may nothing but log in. */
  loginRequired: boolean;
  intel: Intel;
  keeper: TreeKeeper;
  models: RunningModels | undefined;
  triage: TriageScoring;
  pipeline: Pick<Pipeline, 'movePile'>;
  feed: AlertFeed;
  accesses: AccessLog;
  forgetPerson: (user: string) => Promise<void>;
  peers: Peers;
  sessions: Sessions;
  desk: TriageDesk;
  care: CertificatesParts['care'];
  fleetName: string;
  graceUs: number;
  nowMs: () => number;
  failed: (error: unknown) => void;
}

export function consoleServices(parts: ConsoleServicesParts): Service[] {
  const {
    status,
    access,
    rules,
    kem,
    intel,
    keeper,
    pipeline,
    feed,
    peers,
    sessions,
    desk,
    fleetName,
    graceUs,
    nowMs,
    failed,
  } = parts;
  const { store, fleet, presence, authorities, identity, retention } = status;
  const nowUs = () => nowMs() * 1000;
  const actor = ({ address, user }: CallFrom): AuditActor => {
    const consoleId = peers.at(address)?.identity?.id ?? '';
    if (!user) return { kind: 'console', id: consoleId, from: address };
    const { kind, id, userId } = user;
    return { kind, id: kind === 'token' ? id : userId, from: address, consoleId };
  };
  const always = { store, fleet, presence, actor, nowUs, failed };
  return [
    {
      definition: consoleService,
      handlers: consoleHandlers({
        status: { ...status, epochs: kem.epochs, intel: intel.library, nowMs },
        agents: {
          ...always,
          sealingEpoch: (agentId) => kem.agents.of(agentId)?.epoch ?? 0,
          caSha256: () => authorities.newest.fingerprint,
        },
        actor,
        userName: ({ kind, id }) => {
          const userId = kind === 'token' ? (access.tokens.find(id)?.userId ?? '') : id;
          return kind === 'token' || kind === 'user' ? (access.users.get(userId)?.name ?? '') : '';
        },
        feed,
        accesses: parts.accesses,
        failed,
      }),
    },
    { definition: usersService, handlers: usersHandlers({ access: parts.access, actor, nowUs, failed }) },
    {
      definition: loginService,
      handlers: loginHandlers({
        access: parts.access,
        required: parts.loginRequired,
        consoleOf: (address) => peers.at(address)?.identity?.id ?? '',
        ...{ actor, nowUs, failed },
      }),
    },
    { definition: cryptoService, handlers: cryptoHandlers(always) },
    { definition: modelsService, handlers: modelsHandlers({ ...always, models: parts.models, triage: parts.triage }) },
    {
      definition: rulesService,
      handlers: rulesHandlers({ ...always, ...rules, failures: () => rules.engine.failures() }),
    },
    { definition: keysService, handlers: keysHandlers({ ...always, ...kem, fleetName }) },
    { definition: triageService, handlers: triageHandlers({ ...always, desk }) },
    { definition: huntService, handlers: huntHandlers({ ...always, accesses: parts.accesses }) },
    {
      definition: evidenceService,
      handlers: evidenceHandlers({
        ...always,
        keeper,
        sources: { signer: () => identity, trustAnchors: () => authorities.history, nowUs },
        about: { evidenceDays: retention.evidence, collectorVersion: status.version },
      }),
    },
    { definition: intelService, handlers: intelHandlers({ ...always, ...intel, records: store.intel }) },
    {
      definition: exceptionsService,
      handlers: exceptionsHandlers({
        ...always,
        judge: status.judge,
        budget: status.correlator.budget,
        movePile: (moves) => pipeline.movePile(moves),
        agentName: (id) => fleet.agent(id)?.name ?? '',
      }),
    },
    {
      definition: complianceService,
      handlers: complianceHandlers({
        ...always,
        keeper,
        forgetPerson: parts.forgetPerson,
        about: { retention, collectorVersion: status.version },
      }),
    },
    {
      definition: certificatesService,
      handlers: certificatesHandlers({
        ...always,
        authorities,
        graceUs,
        care: parts.care,
        announceAnchors: () => sessions.tellAll({ trustAnchors: authorities.announced }),
        peer: (address) => peers.at(address)?.identity,
      }),
    },
  ];
}
