import { statusPairs, statusRecord } from '../model/status.ts';
import { ConsoleCommand, describe } from './console-command.ts';

export class Status extends ConsoleCommand {
  static override summary = 'Show whether the deployment works: store, agents, alerts, losses, keys.';
  static override description = describe('Asks the collector for its state.');
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --output json | jq -r .ca.sha256'];

  async run(): Promise<void> {
    const { flags } = await this.parse(Status);
    const output = this.outputFor(flags);
    const { client, deployment } = await this.connect(flags);
    using _ = client;
    const status = await client.getStatus();
    output.show(statusRecord(status, deployment.collector), () =>
      statusPairs(status, deployment.collector, Date.now()),
    );
  }
}
