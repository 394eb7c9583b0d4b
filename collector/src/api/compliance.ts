// The Compliance service: the audit log as a file, reports, legal holds, requests of persons.

import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  type AddHoldRequest,
  type AuditPart,
  type EraseSubjectRequest,
  type ErasureProgress,
  type GetComplianceReportRequest,
  type Hold,
  type ListHoldsRequest,
  type RemoveHoldRequest,
  type SubjectPart,
  type SubjectRequest,
  suggest,
} from '@threatguard/proto';
import { eraseSubject } from '../compliance/erase-subject.ts';
import { exportSubject } from '../compliance/export-subject.ts';
import { FRAMEWORKS } from '../compliance/frameworks/all.ts';
import { makeReport, type ReportParts } from '../compliance/make-report.ts';
import { UlidSource } from '../correlate/ulid.ts';
import type { TreeKeeper } from '../evidence/tree-keeper.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { CallFrom } from '../ingest/call-from.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { HoldRecord } from '../store/holds.ts';
import type { Person } from '../store/person-events.ts';
import type { Store } from '../store/store.ts';
import { ApiError, unary } from './grpc-status.ts';
import { auditMessage } from './stories.ts';
import { streamOut } from './stream-out.ts';

const EXPORTS_MAX = 4;
const ERASURES_MAX = 1;
const REASON_CHARS_MAX = 500;
const NAME_CHARS_MAX = 256;
const HOLD_ID = /^[0-9a-hjkmnp-tv-z]{1,26}$/;

export interface ComplianceParts {
  store: Store;
  fleet: Fleet;
  keeper: Pick<TreeKeeper, 'sign'>;
  /** What is remembered of a person beside the store. */
  forgetPerson: (user: string) => Promise<void>;
  about: Pick<ReportParts, 'retention' | 'collectorVersion'>;
  actor: (from: CallFrom) => AuditActor;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

/** Callers are consoles: authorisation is done before. */
export function complianceHandlers(parts: ComplianceParts): UntypedServiceImplementation {
  const { store, actor, nowUs, failed } = parts;
  const { compliance } = store;
  const ulids = new UlidSource();
  const exports = { atOnce: EXPORTS_MAX, failed };
  return {
    exportAudit: streamOut((_, from) => exportAudit(parts, actor(from)), exports),
    getComplianceReport: unary(
      (request: GetComplianceReportRequest, from) => report(parts, request, actor(from)),
      failed,
    ),
    addHold: unary(async (request: AddHoldRequest, from) => {
      const by = actor(from);
      const hold = draftHold(parts, request, { id: ulids.next(Math.floor(nowUs() / 1000)), by: by.id });
      await compliance.addHold(hold, by);
      return holdMessage(parts, hold);
    }, failed),
    listHolds: unary(async ({ removed }: ListHoldsRequest) => {
      const holds = await compliance.holds(Boolean(removed));
      return { holds: holds.map((hold) => holdMessage(parts, hold)) };
    }, failed),
    removeHold: unary(async ({ id }: RemoveHoldRequest, from) => {
      const hold = await findHold(parts, id ?? '');
      const by = actor(from);
      if (!(await compliance.removeHold(hold, nowUs(), by)))
        throw new ApiError('invalid', `hold ${hold.id} was removed already`);
      return holdMessage(parts, { ...hold, removedBy: by.id, removedAtUs: nowUs() });
    }, failed),
    exportSubject: streamOut((request: SubjectRequest, from) => subjectParts(parts, request, actor(from)), exports),
    eraseSubject: streamOut(
      (request: EraseSubjectRequest, from, gone) => erase(parts, request, { by: actor(from), stopped: gone }),
      { atOnce: ERASURES_MAX, failed },
    ),
  };
}

async function* exportAudit({ store, nowUs }: ComplianceParts, by: AuditActor): AsyncGenerator<AuditPart> {
  await store.compliance.noteDisclosures(nowUs(), [{ by, read: { action: 'audit.exported', subject: 'audit' } }]);
  const { anchor, head } = await store.compliance.auditChain();
  yield {
    anchors: {
      anchorSequence: anchor.sequence,
      anchorDigest: anchor.digest,
      headSequence: head.sequence,
      headDigest: head.digest,
    },
  };
  for await (const entries of store.compliance.auditEntries(anchor.sequence, head.sequence)) {
    yield { entries: entries.map(auditMessage) };
  }
}

async function report(parts: ComplianceParts, request: GetComplianceReportRequest, by: AuditActor) {
  const name = request.framework ?? '';
  const framework = FRAMEWORKS.get(name);
  const known = Array.from(FRAMEWORKS.keys());
  if (!framework)
    throw new ApiError('invalid', `no framework is called so${suggest(name, known)}: ${known.join(', ')}`);
  const nowUs = parts.nowUs();
  const span = { fromUs: request.fromUs ?? 0, toUs: Math.min(request.toUs || nowUs, nowUs) };
  if (span.fromUs >= span.toUs) throw new ApiError('invalid', 'the time ends before it begins');
  const { store } = parts;
  await store.compliance.note(nowUs, by, { action: 'compliance.reported', subject: name, after: span });
  return makeReport({ store, nowUs: parts.nowUs, ...parts.about }, { name, framework, ...span });
}

function draftHold(parts: ComplianceParts, request: AddHoldRequest, made: { id: string; by: string }): HoldRecord {
  const user = request.user ?? '';
  const agentId = findAgent(parts, request.agent ?? '');
  const [fromUs, toUs] = [request.fromUs ?? 0, request.toUs || Number.MAX_SAFE_INTEGER];
  const reason = (request.reason ?? '').trim();
  if (fromUs > toUs) throw new ApiError('invalid', 'the time ends before it begins');
  if (!user && !agentId && fromUs === 0)
    throw new ApiError(
      'invalid',
      'a hold names an agent, a user or a time: one over everything is retention in collector.yaml',
    );
  if (!reason) throw new ApiError('invalid', 'a hold says why: give a reason');
  checkLength('reason', reason, REASON_CHARS_MAX);
  checkLength('user', user, NAME_CHARS_MAX);
  return {
    id: made.id,
    agentId,
    user: user || undefined,
    fromUs,
    toUs,
    reason,
    madeBy: made.by,
    madeAtUs: parts.nowUs(),
    removedBy: '',
    removedAtUs: undefined,
  };
}

async function findHold({ store }: ComplianceParts, text: string): Promise<HoldRecord> {
  const id = text.trim().toLowerCase();
  const shown = 'threatguard compliance hold list shows them';
  if (!HOLD_ID.test(id)) throw new ApiError('invalid', `this is not the id of a hold; ${shown}`);
  const [found, ...others] = (await store.compliance.holds(true)).filter((hold) => hold.id.startsWith(id));
  if (!found) throw new ApiError('not_found', `no hold has this id; ${shown}`);
  if (others.length > 0) throw new ApiError('ambiguous', 'several holds begin with this; give more of the id');
  return found;
}

function holdMessage({ fleet }: ComplianceParts, hold: HoldRecord): Hold {
  const { agentId, toUs } = hold;
  const agentName = agentId && fleet.agent(agentId)?.name;
  return { ...hold, agentName, toUs: toUs === Number.MAX_SAFE_INTEGER ? 0 : toUs };
}

async function* subjectParts(
  parts: ComplianceParts,
  request: SubjectRequest,
  by: AuditActor,
): AsyncGenerator<SubjectPart> {
  const { store, fleet, nowUs } = parts;
  const person = personOf(parts, request);
  await store.compliance.note(nowUs(), by, {
    action: 'subject.exported',
    subject: person.user,
    after: { agent: person.agentId },
  });
  yield* exportSubject({ store, nowUs, agentName: (id) => fleet.agent(id)?.name ?? '' }, person);
}

async function* erase(
  parts: ComplianceParts,
  request: EraseSubjectRequest,
  { by, stopped }: { by: AuditActor; stopped: () => boolean },
): AsyncGenerator<ErasureProgress> {
  const { store, keeper, nowUs } = parts;
  const person = personOf(parts, request);
  const reason = (request.reason ?? '').trim();
  checkLength('reason', reason, REASON_CHARS_MAX);
  if (request.apply && !reason) throw new ApiError('invalid', 'an erasure says why: give a reason');
  if (request.apply && (await store.compliance.isPersonHeld(person))) {
    const text = 'a legal hold may be about this person, and goes before: threatguard compliance hold list shows it';
    throw new ApiError('ambiguous', text);
  }
  const order = { person, by, reason, apply: Boolean(request.apply), pseudonymise: Boolean(request.pseudonymise) };
  yield* eraseSubject({ store: store.compliance, signHead: () => keeper.sign(), nowUs, stopped }, order);
  if (request.apply) await parts.forgetPerson(person.user);
}

function personOf(parts: ComplianceParts, { user, agent }: { user?: string | null; agent?: string | null }): Person {
  if (!user) throw new ApiError('invalid', 'name whom: the user name as hosts write it');
  checkLength('user', user, NAME_CHARS_MAX);
  return { user, agentId: findAgent(parts, agent ?? '') };
}

function findAgent({ fleet }: ComplianceParts, text: string): string | undefined {
  if (!text) return undefined;
  const agent = fleet.find(text);
  if (!agent) throw new ApiError('not_found', 'no agent has this name or id; threatguard agents list shows them all');
  return agent.id;
}

function checkLength(name: string, text: string, charsMax: number): void {
  if (text.length > charsMax) throw new ApiError('invalid', `${name} is at most ${charsMax} characters`);
}
