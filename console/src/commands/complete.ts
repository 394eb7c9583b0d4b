import type { CollectorClient } from '../client/collector-client.ts';
import { completionOf, type LiveKind } from '../model/completion.ts';
import { ConsoleError } from '../model/console-error.ts';
import { printable } from '../model/printable.ts';
import { ConsoleCommand, describe } from './console-command.ts';

/** Values shown: more nobody chooses from. */
const LIVE_MAX = 200;

const LIVE: Record<LiveKind, (client: CollectorClient) => Promise<(string | null | undefined)[]>> = {
  agents: async (client) => (await client.listAgents()).map(({ name }) => name),
  alerts: async (client) => (await client.listAlerts({}, LIVE_MAX)).map(({ id }) => id),
  incidents: async (client) => (await client.listIncidents({}, LIVE_MAX)).map(({ id }) => id),
  hunts: async (client) => (await client.listHunts()).map(({ name }) => name),
};

/** What the completion scripts call: the words so far, the last of which is being typed. */
export class Complete extends ConsoleCommand {
  static override hidden = true;
  static override strict = false;
  static override summary = 'Print what the last word could become.';
  static override description = describe('For the scripts of "completion".');
  static override examples = ['<%= config.bin %> complete -- alerts sh'];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Complete);
    const output = this.outputFor(flags);
    const words = argv as string[];
    const current = words.at(-1) ?? '';
    const commands = this.config.commands.filter(({ hidden }) => !hidden);
    const { words: known, live } = completionOf(words, commands);
    const values = live ? await this.#live(live, flags) : [];
    // A value of a host that a shell would see as more than a word is not offered.
    const safe = values.filter((value) => value === printable(value) && /^[\w.@:+/-]+$/.test(value));
    output.lines([...safe, ...known].filter((word) => word.startsWith(current)).slice(0, LIVE_MAX));
  }

  /** Nothing where no collector answers: a person is typing. */
  async #live(kind: LiveKind, flags: { home?: string | undefined }): Promise<string[]> {
    try {
      const { client } = await this.connect(flags);
      using _ = client;
      return (await LIVE[kind](client)).filter((value) => typeof value === 'string');
    } catch (error) {
      if (error instanceof ConsoleError) return [];
      throw error;
    }
  }
}
