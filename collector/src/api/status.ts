import {
  activeProfile,
  activeProvider,
  type Counter,
  type ForwardTargetState,
  type StatusReport,
} from '@threatguard/proto';
import type { Correlator } from '../correlate/correlator.ts';
import type { Behaviour } from '../detect/behaviour/behaviour.ts';
import type { IntelLibrary } from '../detect/intel/intel-library.ts';
import type { RuleEngine } from '../detect/rules/rule-engine.ts';
import type { CertificateAuthorities } from '../fleet/authorities.ts';
import type { CollectorIdentity } from '../fleet/collector-identity.ts';
import type { Epochs } from '../fleet/epochs/epochs.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Presence } from '../fleet/presence.ts';
import type { HandshakeCounts } from '../ingest/handshake.ts';
import type { Judge } from '../judge/judge.ts';
import type { Retention } from '../store/retention.ts';
import { spaceByKind } from '../store/space.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import type { Writer } from '../store/writer.ts';
import { intelNotices } from './intel.ts';
import type { RateMeter } from './rate-meter.ts';

export interface StatusParts {
  version: string;
  startedAtUs: number;
  store: Store;
  retention: Retention;
  writer: Pick<Writer, 'problem'>;
  publishState: () => string;
  forwards: () => Promise<ForwardTargetState[]>;
  rules: RuleEngine;
  correlator: Pick<Correlator, 'notices' | 'budget'>;
  judge: Judge;
  behaviour?: Pick<Behaviour, 'notices'> | undefined;
  intel: Pick<IntelLibrary, 'sources'>;
  fleet: Fleet;
  presence: Presence;
  authorities: CertificateAuthorities;
  identity: CollectorIdentity;
  epochs: Pick<Epochs, 'epoch'>;
  handshakes: HandshakeCounts;
  rate: RateMeter;
  /** Where consoles may read alerts, `nats://user:password@host:port`. */
  consoleNatsUrl: string | undefined;
  /** Whether it serves a demonstration. */
  demo: boolean;
  nowMs: () => number;
}

/** Everything `threatguard status` shows. Answers while the store does not, and says so. */
export async function reportStatus(parts: StatusParts): Promise<StatusReport> {
  const { totals, space, problems, storeState } = await readTotals(parts);
  const agents = parts.fleet.agents().filter((agent) => agent.revokedAtUs === undefined);
  const nats = splitNatsUrl(parts.consoleNatsUrl);
  return {
    version: parts.version,
    demo: parts.demo,
    startedAtUs: parts.startedAtUs,
    storeEngine: parts.store.engine,
    storeVersion: parts.store.version,
    storeState,
    publishState: parts.publishState(),
    forwards: await parts.forwards(),
    eventsStored: totals?.events,
    envelopesStored: totals?.envelopes,
    alertsOpen: totals?.alertsOpen,
    alertsWithheld: totals?.alertsWithheld,
    alertBudget: parts.correlator.budget.perDay,
    exceptions: parts.judge.count(),
    outboxWaiting: totals?.outboxWaiting,
    eventsPerSecond: parts.rate.perSecond(parts.nowMs()),
    refusals: [...(totals?.refusals ?? []), ...handshakeCounters(parts.handshakes)],
    losses: totals?.losses ?? [],
    agentsEnrolled: agents.length,
    agentsConnected: parts.presence.connectedCount(),
    rulesLoaded: parts.rules.rules.length,
    rulesDisabled: parts.rules.disabled(),
    caSha256: parts.authorities.newest.fingerprint,
    caTrusted: parts.authorities.trusted.map(({ fingerprint }) => fingerprint),
    kemEpoch: parts.epochs.epoch,
    kemAlgorithm: activeProfile().kem,
    signatureAlgorithm: activeProfile().signature,
    tlsGroup: activeProfile().tlsGroup,
    cryptoProfile: activeProfile().name,
    cryptoProvider: activeProvider().name,
    notices: [
      ...parts.store.notices,
      ...problems,
      ...parts.rules.notices(),
      ...parts.judge.notices(),
      ...parts.correlator.notices(),
      ...(parts.behaviour?.notices() ?? []),
      ...intelNotices(parts.intel),
    ],
    // Of the oldest CA: a console that was not told of a newer one yet is to believe it too.
    signingCertificate: parts.identity.certificates.at(-1)!.certificate.raw,
    natsUrl: nats.url,
    natsCredentials: nats.credentials,
    space: space && spaceByKind(space, parts.retention),
    bytesPerEvent: space?.bytesPerEvent,
  };
}

async function readTotals(parts: StatusParts) {
  const unavailable = (problem: string) => ({
    totals: undefined,
    space: undefined,
    problems: [],
    storeState: `unavailable: ${problem}`,
  });
  if (parts.writer.problem) return unavailable(parts.writer.problem);
  try {
    const nowUs = parts.nowMs() * 1000;
    const [totals, space] = [await parts.store.totals(), await parts.store.space(nowUs)];
    return { totals, space, problems: await parts.store.problems(nowUs), storeState: 'ready' };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return unavailable(error.message);
  }
}

function handshakeCounters(counts: HandshakeCounts): Counter[] {
  return [...counts.entries()].map(([code, count]) => ({ name: `handshake.${code}`, count }));
}

/** Address and credentials apart, as a console is told them; empty where alerts are not published. */
export function splitNatsUrl(url: string | undefined): { url: string; credentials: string } {
  if (!url) return { url: '', credentials: '' };
  const { protocol, host, username, password } = new URL(url);
  const credentials = username ? `${decodeURIComponent(username)}:${decodeURIComponent(password)}` : '';
  return { url: `${protocol}//${host}`, credentials };
}
