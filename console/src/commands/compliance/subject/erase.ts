import { Flags } from '@oclif/core';
import type { EraseSubjectRequest, ErasureProgress } from '@threatguard/proto';
import type { CollectorClient } from '../../../client/collector-client.ts';
import { ConsoleError } from '../../../model/console-error.ts';
import { erasurePairs, erasureRecord } from '../../../model/erasure.ts';
import { canAsk, confirm } from '../../confirm.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';

export class SubjectErase extends ConsoleCommand {
  static override summary = "Erase a person's events, or give them another name (GDPR art. 17).";
  static override description = describe(
    'An envelope holds events of several people under one signature, so the payload of each that has an event of the person is ' +
      'erased whole. Header, signature and digest stay: evidence verifies as before, and says where a payload was erased. Rows of ' +
      'other people stay. With --pseudonymise the rows of the person stay as well, under a name that is made up and kept ' +
      'nowhere beside the old one. Alerts and the audit log keep the name for their retention. What is counted is shown before it is asked for. ' +
      'A legal hold goes before. It cannot be taken back; interrupted, the same command goes on.',
  );
  static override examples = [
    '<%= config.bin %> compliance subject erase --user alice --dry-run',
    '<%= config.bin %> compliance subject erase --user alice --agent web-1 --pseudonymise --reason "request of 2026-11-20"',
  ];
  static override flags = {
    user: Flags.string({ summary: 'The user name, letter for letter.', required: true, helpValue: 'NAME' }),
    agent: Flags.string({
      summary: 'On this agent only, by name or id: elsewhere the name may be of somebody else.',
      helpValue: 'NAME',
    }),
    pseudonymise: Flags.boolean({ summary: 'Keep the rows of events, under another name.' }),
    reason: Flags.string({
      summary: 'Why; stands in the audit log, so without the name.',
      default: '',
      helpValue: 'TEXT',
    }),
    yes: Flags.boolean({ summary: 'Do it without asking.' }),
    'dry-run': Flags.boolean({ summary: 'Only count.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SubjectErase);
    const output = this.outputFor(flags);
    const { user, pseudonymise, reason, yes } = flags;
    if (!flags['dry-run'] && !reason.trim())
      throw new ConsoleError('usage', 'say why with --reason, or --dry-run to only count');
    const { client } = await this.connect(flags);
    using _ = client;
    const request = { user, agent: flags.agent ?? '', pseudonymise, reason };
    const counted = await this.#run(client, { ...request, apply: false });
    const table = output.format === 'table';
    if (table || flags['dry-run']) output.show(erasureRecord(counted), () => erasurePairs(counted, { pseudonymise }));
    if (flags['dry-run']) return;
    if (!yes) await this.#ask();
    const erased = await this.#run(client, { ...request, apply: true });
    if (table) output.line('');
    output.show(erasureRecord(erased), () => erasurePairs(erased, { pseudonymise }));
  }

  async #run(client: CollectorClient, request: EraseSubjectRequest): Promise<ErasureProgress> {
    let last: ErasureProgress = {};
    for await (const progress of client.eraseSubject(request, this.invocation.stopped)) last = progress;
    if (last.done) return last;
    throw new ConsoleError('failure', 'it was broken off; the same command goes on with what is left');
  }

  async #ask(): Promise<void> {
    if (!canAsk(this.invocation)) {
      const text = 'nothing was erased: nobody can be asked here; --yes does it, --dry-run only counts';
      throw new ConsoleError('usage', text);
    }
    if (!(await confirm('Erase this? It cannot be taken back.', this.invocation)))
      throw new ConsoleError('failure', 'nothing was erased');
  }
}
