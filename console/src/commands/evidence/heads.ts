import { Flags } from '@oclif/core';
import { verifyBytes } from '@threatguard/proto';
import { readTreeHead } from '@threatguard/proto/evidence';
import { ConsoleError } from '../../model/console-error.ts';
import { HEAD_KEYS, headColumns, headRecord } from '../../model/tree-head.ts';
import { ConsoleCommand, describe, wholeNumber } from '../console-command.ts';

export class EvidenceHeads extends ConsoleCommand {
  static override summary =
    "Show the signed heads of the collector's tree of evidence, newest first, to be noted elsewhere.";
  static override description = describe(
    'A head stands for everything that was recorded before it. Whoever keeps one, where the collector cannot change it, can ' +
      'later show with "threatguard evidence verify --head" that nothing was taken out since. The newest head of the audit log ' +
      'stands in each. Signatures are checked.',
  );
  static override examples = [
    '<%= config.bin %> evidence heads',
    '<%= config.bin %> evidence heads --limit 1 --output json >> /mnt/elsewhere/heads.json',
  ];
  static override flags = {
    limit: Flags.string({ summary: 'At most this many.', default: '24', helpValue: 'N' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(EvidenceHeads);
    const output = this.outputFor(flags);
    const limit = wholeNumber('limit', flags.limit, { min: 1, max: 1000 });
    const { client, deployment } = await this.connect(flags);
    using _ = client;
    const { trustedSigningKey } = await import('../../client/collector-key.ts');
    const rows = (await client.listTreeHeads(limit)).map((signed) => {
      const message = signed.head ?? new Uint8Array();
      const head = readTreeHead(message);
      const publicKey = trustedSigningKey({
        certificate: signed.certificate ?? new Uint8Array(),
        ca: deployment.ca,
        nowMs: (head?.signedAtUs ?? 0) / 1000,
      });
      const signature = signed.signature ?? new Uint8Array();
      if (!head || !verifyBytes({ message, signature, publicKey, purpose: 'treeHead' })) {
        throw new ConsoleError('refused', 'the collector gave a tree head that it did not sign');
      }
      return head;
    });
    output.list({ rows, columns: headColumns({ ...output, nowMs: Date.now() }), keys: HEAD_KEYS, record: headRecord });
    if (rows.length === 0) output.note('no head was signed yet; the first comes within an hour of the start');
  }
}
