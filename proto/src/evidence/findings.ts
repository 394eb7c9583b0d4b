/** What can be wrong with a bundle. The list is closed; each is named in the output and made to happen by a test. */
export const FINDING_CODES = [
  'bundle_truncated', // ends before its end
  'record_malformed', // not the one encoding of a record, or fields that cannot be
  'record_out_of_place',
  'bytes_after_end',
  'manifest_signature_invalid', // the collector did not sign this end
  'manifest_mismatch', // signed, but for other bytes: altered after it was exported
  'ca_unknown', // not of the fleet whose CA was named
  'ca_succession_invalid',
  'collector_certificate_invalid',
  'agent_certificate_invalid',
  'certificate_out_of_time', // sealed when no certificate of its key was valid
  'key_succession_invalid',
  'head_signature_invalid',
  'head_inconsistent', // the tree was changed since an earlier head, not only added to
  'head_conflict', // another head of the same number was kept
  'head_not_shown', // the bundle says nothing about the head that was kept
  'entry_malformed',
  'entry_not_included', // not in the tree of the head
  'entries_missing', // numbers of an agent's entries are left out
  'entry_chain_broken',
  'run_mismatch', // the envelopes are not those that the tree holds
  'envelope_signature_invalid',
  'envelope_unexpected', // of another agent, stream or sequence than its place says
  'envelope_missing', // in the tree, and not in the bundle
  'envelopes_never_recorded', // sequences left out of the tree itself, and no loss was counted
  'chain_broken', // does not name the header before it
  'payload_mismatch', // not the payload that was signed
  'erasure_unrecorded', // said to have been erased on request, where the audit log of the head cannot tell of it
  'gone_too_early', // said to have aged out, but younger than what is kept
  'range_begins_late',
  'range_ends_early',
  'agent_missing',
  'agent_renamed',
  'alert_invalid', // not signed by the collector, or another one than the bundle is of
  'event_missing', // the alert names an event whose envelope is not here
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

export interface Finding {
  code: FindingCode;
  message: string;
}

/** Named one by one; more are counted. A bundle that is wrong throughout must not fill a memory. */
const FINDINGS_MAX = 100;

export class Findings {
  readonly named: Finding[] = [];
  /** Beyond those that are named. */
  more = 0;

  add(code: FindingCode, message: string): void {
    if (this.named.length < FINDINGS_MAX) this.named.push({ code, message });
    else this.more++;
  }

  get none(): boolean {
    return this.named.length === 0;
  }
}
