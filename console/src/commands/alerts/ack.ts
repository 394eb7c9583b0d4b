import { AlertActCommand, actArgs, actFlags } from '../alert-act.ts';
import { describe } from '../console-command.ts';

export class AlertsAck extends AlertActCommand {
  static override summary = 'Acknowledge alerts: somebody looks at them.';
  static override description = describe('What comes later of the same kind still folds into them.');
  static override usage = 'alerts ack ID... [--seen N]';
  static override examples = ['<%= config.bin %> alerts ack 01kah2', '<%= config.bin %> alerts ack 01kah2 01kah3'];
  static override strict = false;
  static override args = actArgs;
  static override flags = actFlags;

  async run(): Promise<void> {
    await this.act('ack', await this.parse(AlertsAck), {});
  }
}
