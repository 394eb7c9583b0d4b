import { Args } from '@oclif/core';
import { cardPairs, cardRecord } from '../../model/models.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { modelArgs, readVersion } from './model-args.ts';

export class ModelsShow extends ConsoleCommand {
  static override summary = 'Show the card of a model: from what it was trained, and how it did.';
  static override description = describe(
    'Without a version, of the one in use, else of the newest. The signature of the collector over the card is checked.',
  );
  static override examples = [
    '<%= config.bin %> models show isolation-forest',
    '<%= config.bin %> models show autoencoder 2 --output json',
  ];
  static override args = { ...modelArgs, version: Args.string({ description: 'Number of a version.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelsShow);
    const output = this.outputFor(flags);
    const version = readVersion(args.version);
    const { client, deployment } = await this.connect(flags);
    using _ = client;
    const { verifiedCard } = await import('../../services/model-card.ts');
    const { model, card } = await verifiedCard(client, deployment.ca, { name: args.name, version });
    output.show(cardRecord(model ?? {}, card ?? ''), () =>
      renderPairs(cardPairs(model ?? {}, card ?? '', { ...output, nowMs: Date.now() })),
    );
  }
}
