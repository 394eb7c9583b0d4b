import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import type { SubjectPart } from '@threatguard/proto';
import { writeWhole } from '../../../services/evidence-file.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';

export class SubjectExport extends ConsoleCommand {
  static override summary = 'Write what is kept of a person into a file of JSON lines (GDPR art. 15 and 20).';
  static override description = describe(
    'Events in which the person acts or is acted on, with ECS names; alerts that name them; their risk. What is not in it stands ' +
      'in its first line, how much is in it in its last. The file is there when it is whole. The export is audited.',
  );
  static override examples = ['<%= config.bin %> compliance subject export --user alice -o alice.ndjson'];
  static override flags = {
    user: Flags.string({ summary: 'The user name, letter for letter.', required: true, helpValue: 'NAME' }),
    agent: Flags.string({
      summary: 'On this agent only, by name or id: elsewhere the name may be of somebody else.',
      helpValue: 'NAME',
    }),
    file: Flags.string({ char: 'o', summary: 'The file to write.', required: true, helpValue: 'FILE' }),
    force: Flags.boolean({ summary: 'Replace a file that is there.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SubjectExport);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { stopped, pid } = this.invocation;
    const path = resolve(flags.file);
    let records = 0;
    const parts = client.exportSubject({ user: flags.user, agent: flags.agent ?? '' }, stopped);
    const counted = (count: number) => {
      records = count;
    };
    const { bytes, sha256 } = await writeWhole(path, dataOf(parts, counted), { force: flags.force, pid });
    output.show({ file: path, records, bytes, sha256 }, () => [
      `${path}: ${records} records, ${bytes} bytes`,
      `SHA-256 ${sha256}`,
    ]);
    if (records === 0) output.note('nothing is kept of this name; names are compared letter for letter');
  }
}

async function* dataOf(
  parts: AsyncIterable<SubjectPart>,
  counted: (records: number) => void,
): AsyncIterable<Uint8Array> {
  for await (const { data, records } of parts) {
    counted(records ?? 0);
    if (data?.length) yield data;
  }
}
