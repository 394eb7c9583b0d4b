import { Args, Flags } from '@oclif/core';
import type { StoredEvent } from '@threatguard/proto';
import type { OpenedEvidence } from '@threatguard/proto/evidence';
import { alertPairs } from '../../model/alert.ts';
import { EVENT_KEYS, eventColumns, eventRecord } from '../../model/event.ts';
import { verifyFile } from '../../services/evidence-file.ts';
import { ConsoleCommand, describe, wholeNumber } from '../console-command.ts';

export class EvidenceShow extends ConsoleCommand {
  static override summary = 'Show the events of a bundle of evidence, with ECS names.';
  static override description = describe(
    'Of a bundle of an alert, the alert and the events it names; --all shows everything its envelopes hold. What is shown was ' +
      'signed; by whose fleet, only "threatguard evidence verify" with the fingerprint of the CA says.',
  );
  static override examples = [
    '<%= config.bin %> evidence show 01kah2.tgev',
    '<%= config.bin %> evidence show web-1.tgev --output json --limit 100000',
  ];
  static override args = { file: Args.string({ required: true, description: 'The bundle.' }) };
  static override flags = {
    all: Flags.boolean({ summary: 'Every event, not only those the alert names.' }),
    limit: Flags.string({ summary: 'At most this many.', default: '1000', helpValue: 'N' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EvidenceShow);
    const output = this.outputFor(flags);
    const limit = wholeNumber('limit', flags.limit, { min: 1, max: 1_000_000 });
    const nowMs = Date.now();
    const options = { caSha256: undefined, nowUs: nowMs * 1000 };
    // The alert is known to be good at the end of the file: then it is read again for the events it names.
    const { alert, findings } = await verifyFile(args.file, options);
    const named = alert && !flags.all ? new Set((alert.alert.events ?? []).map(nameOf)) : undefined;
    const rows: StoredEvent[] = [];
    let more = 0;
    const opened = (envelope: OpenedEvidence) => {
      for (const [index, event] of envelope.events.entries()) {
        const { agentId, agentName, header } = envelope;
        const reference = { agentId, streamId: header.streamId, sequence: header.sequence, index };
        if (named && !named.has(nameOf(reference))) continue;
        if (rows.length < limit) rows.push({ reference, event, agentName });
        else more++;
      }
    };
    await verifyFile(args.file, { ...options, opened });
    const look = { ...output, nowMs };
    if (alert && output.format === 'table') output.lines([...alertPairs(alert.alert, look), '']);
    output.list({ rows, columns: eventColumns(look), keys: EVENT_KEYS, record: eventRecord, flat: true });
    if (rows.length === 0) output.note('no events are in this bundle');
    if (more > 0) output.note(`${more} more; --limit shows more`);
    if (findings.length > 0) output.note('something is wrong with this bundle: threatguard evidence verify says what');
  }
}

function nameOf(reference: StoredEvent['reference'] & object): string {
  const stream = Buffer.from(reference.streamId ?? []).toString('hex');
  return `${reference.agentId} ${stream} ${reference.sequence} ${reference.index ?? 0}`;
}
