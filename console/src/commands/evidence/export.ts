import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import type { EvidenceChunk, ExportEvidenceRequest } from '@threatguard/proto';
import { ConsoleError } from '../../model/console-error.ts';
import { parseTime } from '../../model/time.ts';
import { readKeptHeads, writeWhole } from '../../services/evidence-file.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { ExportProgress } from './export-progress.ts';

export class EvidenceExport extends ConsoleCommand {
  static override summary = 'Write what proves an alert, or what an agent sent in a time, into one file.';
  static override description = describe(
    'The file holds the signed envelopes, the certificates, and the proofs that they stand in the tree of the collector. ' +
      '"threatguard evidence verify" needs nothing else but the fingerprint of the CA. A range is by the times at which the ' +
      'collector recorded, which is hourly and at every export. The file is there when it is whole.',
  );
  static override usage =
    'evidence export (--alert ID | --agent NAME --from TIME [--to TIME]) -o FILE [--head FILE|HEX] [--force]';
  static override examples = [
    '<%= config.bin %> evidence export --alert 01kah2 -o 01kah2.tgev',
    '<%= config.bin %> evidence export --agent web-1 --from 24h -o web-1.tgev',
    '<%= config.bin %> evidence export --agent web-1 --from 2026-11-01 --to 2026-11-08 --head noted.json -o week.tgev',
  ];
  static override flags = {
    alert: Flags.string({ summary: 'The envelopes behind this alert; its id may be cut short.', helpValue: 'ID' }),
    agent: Flags.string({ summary: 'Everything of this agent in a time, by name or id.', helpValue: 'NAME' }),
    from: Flags.string({ summary: 'Since a time, or for a duration up to now: 15m, 24h, 7d.', helpValue: 'TIME' }),
    to: Flags.string({ summary: 'Until a time; a duration counts back from now. Without it, now.', helpValue: 'TIME' }),
    file: Flags.string({ char: 'o', summary: 'The file to write.', required: true, helpValue: 'FILE' }),
    head: Flags.string({
      summary: 'A tree head that somebody kept, by SHA-256 or in a file: the bundle can then be held against it.',
      multiple: true,
      helpValue: 'FILE|HEX',
    }),
    force: Flags.boolean({ summary: 'Replace a file that is there.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(EvidenceExport);
    const output = this.outputFor(flags);
    const request = await readRequest(flags, Date.now());
    const { client } = await this.connect(flags);
    using _ = client;
    const { stopped, stderr, pid } = this.invocation;
    const path = resolve(flags.file);
    using progress = new ExportProgress(stderr, () => performance.now());
    const { bytes, sha256 } = await writeWhole(path, dataOf(client.exportEvidence(request, stopped), progress), {
      force: flags.force,
      pid,
    });
    if (progress.notice) output.note(progress.notice);
    const { envelopes } = progress;
    const record = { file: path, bytes, sha256, envelopes };
    output.show(record, () => [`${path}: ${envelopes} envelopes, ${bytes} bytes`, `SHA-256 ${sha256}`]);
  }
}

async function* dataOf(chunks: AsyncIterable<EvidenceChunk>, progress: ExportProgress): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    progress.take(chunk);
    if (chunk.data?.length) yield chunk.data;
  }
}

interface ExportFlags {
  alert?: string | undefined;
  agent?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  head?: string[] | undefined;
  utc: boolean;
}

async function readRequest(flags: ExportFlags, nowMs: number): Promise<ExportEvidenceRequest> {
  const kept = await readKeptHeads(flags.head ?? []);
  const headDigests = kept.slice(0, HEADS_MAX).map(({ digest }) => Buffer.from(digest, 'hex'));
  if (flags.alert !== undefined) {
    if (flags.agent !== undefined || flags.from !== undefined || flags.to !== undefined) {
      throw new ConsoleError('usage', '--alert stands alone: what is behind an alert is not cut by agent or time');
    }
    return { alertId: flags.alert.toLowerCase(), headDigests };
  }
  if (flags.agent === undefined)
    throw new ConsoleError('usage', 'name what to export: --alert ID, or --agent NAME --from TIME');
  if (flags.from === undefined) throw new ConsoleError('usage', '--agent needs --from TIME, such as --from 24h');
  const fromUs = parseTime(flags.from, { flag: '--from', nowMs, utc: flags.utc });
  const toUs = flags.to === undefined ? 0 : parseTime(flags.to, { flag: '--to', nowMs, utc: flags.utc });
  if (toUs > 0 && fromUs > toUs)
    throw new ConsoleError('usage', `--from "${flags.from}" is later than --to "${flags.to}"`);
  return { agent: flags.agent, fromUs: Math.max(1, fromUs), toUs, headDigests };
}

/** As many as a collector takes of one request. */
const HEADS_MAX = 100;
