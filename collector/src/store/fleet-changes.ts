// What people and the collector change about the fleet: each change and its entry of the audit log in one transaction.
import { appendAudit, COLLECTOR_ACTOR } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import * as certificates from './certificate-records.ts';
import type { Database } from './database.ts';
import type { AgentRecord, CertificateChange, TokenRecord } from './fleet-record.ts';
import * as fleet from './fleet-records.ts';

/** With its first certificate; `supersedes` are revoked with it. */
export function addAgent(
  database: Database,
  agent: AgentRecord,
  by: AuditActor = COLLECTOR_ACTOR,
  supersedes: readonly string[] = [],
): Promise<void> {
  return database.transaction(async (session) => {
    await fleet.addAgent(session, agent);
    const { id, certificate, enrolledAtUs: atUs } = agent;
    await certificates.addCertificate(session, {
      agentId: id,
      keyId: agent.keyId,
      notBeforeUs: atUs,
      notAfterUs: agent.certificateExpiresAtUs,
      certificate,
      succession: undefined,
    });
    const superseded: { former: string; name: string }[] = [];
    for (const former of supersedes) {
      const name = await fleet.supersedeAgent(session, former, { by: id, atUs });
      if (name !== undefined) superseded.push({ former, name });
    }
    const { name, machineId, keyId, group } = agent;
    const after = { name, machineId, keyId, ...(group && { group }) };
    await appendAudit(session, atUs, by, { action: 'agent.enrolled', subject: id, after });
    for (const { former, name } of superseded) {
      const states = { before: { name, revoked: false }, after: { name, revoked: true, supersededBy: id } };
      await appendAudit(session, atUs, by, { action: 'agent.superseded', subject: former, ...states });
    }
  });
}

export function changeCertificate(
  database: Database,
  { action, agent, issued, before, after }: CertificateChange,
  atUs: number,
  by: AuditActor = COLLECTOR_ACTOR,
): Promise<void> {
  return database.transaction(async (session) => {
    await fleet.keepCertificate(session, agent);
    if (issued) await certificates.addCertificate(session, issued);
    await appendAudit(session, atUs, by, { action, subject: agent.id, before, after });
  });
}

/** Of one that is not there, or is revoked already, nothing is changed and nothing said. */
export function revokeAgent(
  database: Database,
  id: string,
  atUs: number,
  by: AuditActor = COLLECTOR_ACTOR,
): Promise<void> {
  return database.transaction(async (session) => {
    const name = await fleet.revokeAgent(session, id, atUs);
    if (name === undefined) return;
    const states = { before: { name, revoked: false }, after: { name, revoked: true } };
    await appendAudit(session, atUs, by, { action: 'agent.revoked', subject: id, ...states });
  });
}

export function labelAgent(
  database: Database,
  { id, labels }: Pick<AgentRecord, 'id' | 'labels'>,
  atUs: number,
  by: AuditActor = COLLECTOR_ACTOR,
): Promise<void> {
  return database.transaction(async (session) => {
    const had = await fleet.labelAgent(session, id, labels);
    if (!had) return;
    const { name, before } = had;
    const states = { before: { name, labels: before }, after: { name, labels } };
    await appendAudit(session, atUs, by, { action: 'agent.labelled', subject: id, ...states });
  });
}

export function removeAgent(
  database: Database,
  id: string,
  atUs: number,
  by: AuditActor = COLLECTOR_ACTOR,
): Promise<void> {
  return database.transaction(async (session) => {
    const had = await fleet.removeAgent(session, id, atUs);
    if (!had) return;
    const after = { name: had.name, revoked: true, removed: true };
    await appendAudit(session, atUs, by, { action: 'agent.removed', subject: id, before: had, after });
  });
}

export function addToken(database: Database, token: TokenRecord, by: AuditActor = COLLECTOR_ACTOR): Promise<void> {
  return database.transaction(async (session) => {
    await fleet.addToken(session, token);
    const { id, label, usesLeft: uses, madeAtUs, expiresAtUs, group, replaces } = token;
    await appendAudit(session, madeAtUs, by, {
      action: 'token.made',
      subject: id,
      after: { label, uses, expiresAtUs, ...(group && { group }), ...(replaces && { replaces }) },
    });
  });
}
