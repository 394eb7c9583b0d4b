// Erasing a person, in this order: the audit log says that it begins and a tree head is signed over that entry; then payloads
// go, each with a mark that names the entry; then rows of events; then counts. Interrupted anywhere, it is asked for again
// and goes on. Header, signature and digest of every envelope stay, so the evidence about everybody else verifies as before.
import { createHash, randomBytes } from 'node:crypto';
import { decodePayload, EnvelopeHeader, type ErasureProgress, type HostEvent, RefusalError } from '@threatguard/proto';
import { UlidSource } from '../correlate/ulid.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { ComplianceStore } from '../store/compliance-store.ts';
import type { KeptPayload } from '../store/erasure-records.ts';
import type { Person } from '../store/person-events.ts';
import { renamePerson, renaming } from './pseudonym.ts';

const ulids = new UlidSource();

export interface EraseParts {
  store: ComplianceStore;
  /** Signs a tree head now (TreeKeeper.sign). */
  signHead: () => Promise<void>;
  nowUs: () => number;
  /** Whoever asked has gone: what is under way is finished, the rest left. */
  stopped: () => boolean;
}

export interface EraseOrder {
  person: Person;
  pseudonymise: boolean;
  /** Without it nothing is changed, only counted. */
  apply: boolean;
  reason: string;
  by: AuditActor;
}

/** How far it is, after every page; the last has `done`. */
export async function* eraseSubject(parts: EraseParts, order: EraseOrder): AsyncGenerator<ErasureProgress> {
  const { store, nowUs, stopped } = parts;
  const { person, apply } = order;
  const begun = apply ? await begin(parts, order) : undefined;
  const pseudonym = apply && order.pseudonymise ? `person-${randomBytes(6).toString('hex')}` : undefined;
  const counts = { unreadable: 0, envelopesRead: 0, payloads: 0, otherEvents: 0, events: 0, series: 0 };
  for await (const page of store.keptPayloads(person.agentId)) {
    const own: KeptPayload[] = [];
    for (const kept of page) {
      const events = eventsOf(kept);
      if (!events) {
        counts.unreadable++;
        continue;
      }
      const theirs = events.filter((event) => isAbout(event, person)).length;
      if (theirs === 0) continue;
      own.push(kept);
      counts.otherEvents += events.length - theirs;
    }
    counts.envelopesRead += page.length;
    counts.payloads += own.length;
    if (begun && own.length > 0) await store.erasePayloads(own, { ...begun, atUs: nowUs() });
    yield { ...counts, erasureId: begun?.id };
    if (stopped()) return;
  }
  const rename = pseudonym === undefined ? undefined : renaming(person.user, pseudonym);
  const change = rename && { rename, event: (event: HostEvent) => renamePerson(event, person.user, rename) };
  if (!begun) counts.events = await store.countPersonEvents(person);
  else {
    for await (const changed of store.changeEvents(person, change)) {
      counts.events += changed;
      yield { ...counts, erasureId: begun.id };
      if (stopped()) return;
    }
    counts.series = await store.eraseSeries(person, pseudonym);
    await store.note(nowUs(), order.by, {
      action: 'subject.erased',
      subject: begun.id,
      after: { ...counts, pseudonymised: order.pseudonymise },
    });
  }
  const kept = await store.countKept(person);
  yield { ...counts, erasureId: begun?.id, alertsKept: kept.alerts, auditKept: kept.audit, pseudonym, done: true };
}

async function begin(
  { store, signHead, nowUs }: EraseParts,
  order: EraseOrder,
): Promise<{ id: string; auditSequence: number }> {
  const { person, by, pseudonymise, reason } = order;
  const id = ulids.next(Math.floor(nowUs() / 1000));
  // Not the name: the log of erasures must not be where it survives. Whoever knows it can hold it against the digest.
  const salt = randomBytes(16).toString('hex');
  const userSha256 = createHash('sha256').update(`${salt}${person.user}`).digest('hex');
  const after = { userSha256, salt, agent: person.agentId, pseudonymise, reason };
  const auditSequence = await store.note(nowUs(), by, { action: 'subject.erasure_begun', subject: id, after });
  await signHead();
  return { id, auditSequence };
}

/** What a payload holds; undefined where it cannot be read: the database was damaged or altered, and verification names that. */
function eventsOf({ header, payload }: KeptPayload): HostEvent[] | undefined {
  try {
    const { batchBytes, eventCount, firstEventAtUs, lastEventAtUs } = {
      ...NO_HEADER,
      ...EnvelopeHeader.decode(header),
    };
    return decodePayload(payload, { batchBytes, eventCount, firstEventAtUs, lastEventAtUs });
  } catch (error) {
    if (error instanceof RefusalError || error instanceof RangeError) return undefined;
    throw error;
  }
}

const NO_HEADER = { batchBytes: 0, eventCount: 0, firstEventAtUs: 0, lastEventAtUs: 0 };

function isAbout({ user, targetUser }: HostEvent, { user: name }: Person): boolean {
  return user?.name === name || targetUser?.name === name;
}
