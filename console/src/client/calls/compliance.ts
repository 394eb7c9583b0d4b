import {
  type AddHoldRequest,
  type AuditEntry,
  type AuditPart,
  type ComplianceReport,
  complianceService,
  consoleService,
  type EraseSubjectRequest,
  type ErasureProgress,
  type GetComplianceReportRequest,
  type Hold,
  type SubjectPart,
  type SubjectRequest,
  type VerifyAuditResponse,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';
import { collect, type Span } from '../pages.ts';

/** A report asks the store twenty things, each within the time of a read. */
const REPORT_MS_MAX = 240_000;

export const complianceCalls = (connection: Connection) => ({
  /** Newest first, at most `limit`. */
  listAudit(limit: number, span: Span = {}): Promise<AuditEntry[]> {
    return collect(limit, async (rows, after) => {
      const page = await connection.call(consoleService.listAudit, { ...span, limit: rows, after });
      return { rows: page.entries ?? [], next: page.next ?? '' };
    });
  },

  verifyAudit(): Promise<VerifyAuditResponse> {
    return connection.call(consoleService.verifyAudit, {});
  },

  exportAudit(signal: AbortSignal): AsyncIterable<AuditPart> {
    return connection.stream(complianceService.exportAudit, {}, signal);
  },

  getComplianceReport(request: GetComplianceReportRequest): Promise<ComplianceReport> {
    return connection.call(complianceService.getComplianceReport, request, REPORT_MS_MAX);
  },

  addHold(request: AddHoldRequest): Promise<Hold> {
    return connection.call(complianceService.addHold, request);
  },

  /** Newest first; `removed` adds those that are no longer in force. */
  async listHolds(removed: boolean): Promise<Hold[]> {
    return (await connection.call(complianceService.listHolds, { removed })).holds ?? [];
  },

  removeHold(id: string): Promise<Hold> {
    return connection.call(complianceService.removeHold, { id });
  },

  exportSubject(request: SubjectRequest, signal: AbortSignal): AsyncIterable<SubjectPart> {
    return connection.stream(complianceService.exportSubject, request, signal);
  },

  eraseSubject(request: EraseSubjectRequest, signal: AbortSignal): AsyncIterable<ErasureProgress> {
    return connection.stream(complianceService.eraseSubject, request, signal);
  },
});
