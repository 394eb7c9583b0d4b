import { createInterface } from 'node:readline/promises';
import { Args, Flags } from '@oclif/core';
import type { KeysReport } from '@threatguard/proto';
import { ConsoleError } from '../../model/console-error.ts';
import { keysLines, keysRecord } from '../../model/keys.ts';
import { printable } from '../../model/printable.ts';
import { ConsoleCommand, describe, wholeNumber } from '../console-command.ts';

export class KeysDestroy extends ConsoleCommand {
  static override summary = "Destroy an old ML-KEM epoch's private key: overwritten and removed.";
  static override description = describe(
    'A rotation does this by itself once no agent needs the key. Before that it is refused, unless --force is given and ' +
      "the fleet's name is typed: agents that still hold envelopes of the epoch seal them anew where they can, and count " +
      'them as lost where they cannot. What is stored already stays readable; only envelopes are sealed for epochs.',
  );
  static override examples = [
    '<%= config.bin %> keys destroy 3',
    '<%= config.bin %> keys destroy 3 --force --fleet production',
  ];
  static override args = { epoch: Args.string({ required: true, description: 'Number of the epoch.' }) };
  static override flags = {
    force: Flags.boolean({ summary: 'Although agents may hold envelopes of it.' }),
    fleet: Flags.string({ summary: "The fleet's name, where nobody can be asked to type it.", helpValue: 'NAME' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(KeysDestroy);
    const output = this.outputFor(flags);
    const epoch = wholeNumber('EPOCH', args.epoch, { min: 1, max: 999_999_999 });
    const { client } = await this.connect(flags);
    using _ = client;
    const fleetName = flags.force ? (flags.fleet ?? (await this.#askForName(epoch, await client.getKeys()))) : '';
    const report = await client.destroyEpoch({ epoch, force: flags.force, fleetName });
    output.note(
      `epoch ${epoch} is destroyed: its key file was overwritten and removed, no thread has the key any more`,
    );
    output.show(keysRecord(report), () => keysLines(report, output));
  }

  async #askForName(epoch: number, report: KeysReport): Promise<string> {
    const { stdin, stderr, stopped } = this.invocation;
    if (!(stdin as { isTTY?: boolean }).isTTY) {
      throw new ConsoleError('usage', "--force needs --fleet NAME here, the fleet's name, since nobody can be asked");
    }
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      const waiting = report.rotation?.stragglers ?? 0;
      stderr.write(`Not proved yet by how many agents that they can do without epoch ${epoch}: ${waiting}\n`);
      const name = printable(report.fleetName ?? '');
      return (await lines.question(`Type the fleet's name (${name}) to destroy its key: `, { signal: stopped })).trim();
    } catch (cause) {
      throw new ConsoleError('failure', 'nothing was destroyed', { cause });
    } finally {
      lines.close();
    }
  }
}
