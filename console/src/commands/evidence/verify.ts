import { Args, Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { evidenceLines, evidenceRecord } from '../../model/evidence.ts';
import { readKeptHeads, verifyFile } from '../../services/evidence-file.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

const FINGERPRINT = /^[0-9a-f]{64}$/i;

export class EvidenceVerify extends ConsoleCommand {
  static override summary = 'Check a bundle of evidence, with nothing but the file and the fingerprint of the CA.';
  static override description = describe(
    'Needs no collector, network, database or home. The fingerprint is what "threatguard status --output json" has as ca.sha256; ' +
      'take it from somewhere else than the file came from. With --head the bundle is held against tree heads that were noted ' +
      'elsewhere: then not even whoever runs the collector can have dropped anything since.',
  );
  static override usage = 'evidence verify FILE --ca SHA256 [--head FILE|HEX]';
  static override examples = [
    '<%= config.bin %> evidence verify web-1.tgev --ca 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '<%= config.bin %> evidence verify web-1.tgev --ca 9f86... --head noted.json --output json | jq .proven',
  ];
  static override args = { file: Args.string({ required: true, description: 'The bundle.' }) };
  static override flags = {
    ca: Flags.string({
      summary: "SHA-256 of the CA's key, in hex; again for a further CA.",
      required: true,
      multiple: true,
      helpValue: 'SHA256',
    }),
    head: Flags.string({
      summary: 'A tree head that was kept, by its SHA-256, or a file of them.',
      multiple: true,
      helpValue: 'FILE|HEX',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EvidenceVerify);
    const output = this.outputFor(flags);
    const caSha256 = flags.ca.map((text) => {
      const plain = text.replaceAll(':', '');
      if (FINGERPRINT.test(plain)) return plain.toLowerCase();
      throw new ConsoleError(
        'usage',
        `--ca "${text}" is not a SHA-256: 64 hexadecimal digits, ca.sha256 of "threatguard status"`,
      );
    });
    const heads = await readKeptHeads(flags.head ?? []);
    const nowMs = Date.now();
    const report = await verifyFile(args.file, { caSha256, heads, nowUs: nowMs * 1000 });
    output.show(evidenceRecord(report), () => evidenceLines(report, { utc: output.utc, nowMs }));
    if (report.proven) return;
    const [first] = report.findings;
    const others = report.findings.length + report.findingsMore - 1;
    const more = others > 0 ? `, and ${others} more` : '';
    throw new ConsoleError('unproven', `${args.file} is not proven: ${first?.code}${more}`);
  }
}
