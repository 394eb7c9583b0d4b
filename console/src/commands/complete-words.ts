import type { CollectorClient } from '../client/collector-client.ts';
import { type AskedKind, type CompletableCommand, completionOf, type LiveKind } from '../model/completion.ts';
import { ConsoleError } from '../model/console-error.ts';
import { printable } from '../model/printable.ts';
import type { Invocation } from './invocation.ts';
import { connectTo, contextsOf, type PlaceFlags } from './place.ts';

/** Values shown: more nobody chooses from. */
const SHOWN_MAX = 200;

const LIVE: Record<LiveKind, (client: CollectorClient) => Promise<(string | null | undefined)[]>> = {
  agents: async (client) => (await client.listAgents()).map(({ name }) => name),
  alerts: async (client) => (await client.listAlerts({}, SHOWN_MAX)).map(({ id }) => id),
  incidents: async (client) => (await client.listIncidents({}, SHOWN_MAX)).map(({ id }) => id),
  hunts: async (client) => (await client.listHunts()).map(({ name }) => name),
  // With values too, which a word becomes once it names the label.
  'label-fields': async (client) =>
    (await labelsOf(client)).flatMap(([name, value]) => [`labels.${name}:`, `labels.${name}:${value}`]),
  'label-filters': async (client) => (await labelsOf(client)).flatMap(([name, value]) => [name, `${name}=${value}`]),
};

async function labelsOf(client: CollectorClient): Promise<[name: string, value: string][]> {
  const all = (await client.listAgents()).flatMap(({ labels }) => Object.entries(labels ?? {}));
  return all.sort(([one], [other]) => (one < other ? -1 : 1));
}

/** What the last of these words, which may be empty, could become. Nothing live where no collector answers: a person is typing. */
export async function completeWords(
  words: readonly string[],
  commands: readonly (CompletableCommand & { hidden?: boolean })[],
  asked: { invocation: Invocation; flags: PlaceFlags },
): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const shown = commands.filter(({ hidden }) => !hidden);
  const { words: known, live } = completionOf(words, shown);
  const values = (await Promise.all(live.map((kind) => liveValues(kind, asked)))).flat();
  // A value of a host that a shell would see as more than a word is not offered.
  const safe = values.filter((value) => value === printable(value) && /^[\w.@:=+/-]+$/.test(value));
  const found = [...new Set([...safe, ...known])].filter((word) => word.startsWith(current));
  // A field first; its values once it is written.
  const fields = found.filter((word) => !/^labels\.[^:]+:./.test(word) || current.includes(':'));
  return fields.slice(0, SHOWN_MAX);
}

async function liveValues(
  kind: AskedKind,
  { invocation, flags }: { invocation: Invocation; flags: PlaceFlags },
): Promise<string[]> {
  try {
    if (kind === 'contexts') {
      return contextsOf(invocation)
        .list()
        .map(({ name }) => name);
    }
    const { client } = await connectTo(invocation, flags);
    using _ = client;
    return (await LIVE[kind](client)).filter((value) => typeof value === 'string');
  } catch (error) {
    if (error instanceof ConsoleError) return [];
    throw error;
  }
}
