// What a word on the command line could become. Pure: live values are asked for by whoever asks.
import { HUNT_FIELDS } from '@threatguard/proto';

/** Values a flag takes, where they are few and known. */
const FLAG_VALUES: Record<string, readonly string[]> = {
  output: ['table', 'json', 'csv'],
  severity: ['informational', 'low', 'medium', 'high', 'critical'],
  status: ['open', 'acknowledged', 'closed'],
  verdict: ['true-positive', 'false-positive', 'benign'],
  kind: ['host', 'user', 'process', 'address'],
  view: ['table', 'timeline', 'tree'],
  since: ['15m', '1h', '24h', '7d'],
};

/** What only the collector knows. */
export type LiveKind = 'agents' | 'alerts' | 'incidents' | 'hunts' | 'label-fields' | 'label-filters';
/** And what only this machine does. */
export type AskedKind = LiveKind | 'contexts';

const LIVE_FLAGS: Record<string, AskedKind> = {
  agent: 'agents',
  alert: 'alerts',
  context: 'contexts',
  label: 'label-filters',
};
const LIVE_ARGS: Record<string, AskedKind> = {
  'agents:show': 'agents',
  'agents:label': 'agents',
  'agents:remove': 'agents',
  'agents:revoke': 'agents',
  'agents:rotate-key': 'agents',
  'alerts:show': 'alerts',
  'alerts:ack': 'alerts',
  'alerts:assign': 'alerts',
  'alerts:note': 'alerts',
  'alerts:close': 'alerts',
  'alerts:reopen': 'alerts',
  'incidents:show': 'incidents',
  'hunt:run': 'hunts',
  'hunt:remove': 'hunts',
  'context:use': 'contexts',
  'context:show': 'contexts',
  'context:remove': 'contexts',
};
/** Commands whose words are conditions on fields. */
const FIELD_ARGS: ReadonlySet<string> = new Set(['events:search', 'events:tail', 'hunt:run']);
const KIND_ARGS: ReadonlySet<string> = new Set(['entities:show']);

export interface CompletableCommand {
  /** With colons. */
  id: string;
  flags?: Readonly<Record<string, { type?: string }>>;
}

export interface Completion {
  /** All that are known here, whatever the word begins with. */
  words: readonly string[];
  live: readonly AskedKind[];
}

/** Of the last of these words, which may be empty. */
export function completionOf(words: readonly string[], commands: readonly CompletableCommand[]): Completion {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const path: string[] = [];
  let matching = commands.map((command) => ({ command, parts: command.id.split(':') }));
  for (const word of before) {
    const next = matching.filter(({ parts }) => parts[path.length] === word);
    if (next.length === 0) break;
    path.push(word);
    matching = next;
  }
  const found = matching.find(({ parts }) => parts.length === path.length)?.command;
  if (!found) {
    const nexts = path.length === before.length ? matching.map(({ parts }) => parts[path.length]!) : [];
    return { words: [...new Set(nexts)], live: [] };
  }
  return ofCommand(found, before.slice(path.length), current);
}

function ofCommand({ id, flags = {} }: CompletableCommand, before: readonly string[], current: string): Completion {
  const last = before.at(-1) ?? '';
  const flag = last.startsWith('--') ? last.slice(2) : '';
  const live = (kind: AskedKind | undefined) => (kind === undefined ? [] : [kind]);
  if (flag && flags[flag]?.type === 'option') return { words: FLAG_VALUES[flag] ?? [], live: live(LIVE_FLAGS[flag]) };
  if (current.startsWith('-')) return { words: Object.keys(flags).map((name) => `--${name}`), live: [] };
  if (KIND_ARGS.has(id)) return { words: before.length === 0 ? FLAG_VALUES.kind! : [], live: [] };
  if (!FIELD_ARGS.has(id)) return { words: [], live: live(LIVE_ARGS[id]) };
  // Only where it may become one: the collector is not asked about every other word.
  const labels = 'labels.'.startsWith(current) || current.startsWith('labels.');
  const fields = HUNT_FIELDS.map((field) => `${field}:`);
  return { words: fields, live: [...live(LIVE_ARGS[id]), ...live(labels ? 'label-fields' : undefined)] };
}

/** Scripts that ask `threatguard complete` for every word; a shell evaluates them at its start. */
export const COMPLETION_SCRIPTS = {
  bash: `_threatguard() {
  local IFS=$'\\n'
  COMPREPLY=($(threatguard complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [[ \${COMPREPLY[0]} == *: ]] && compopt -o nospace
}
complete -F _threatguard threatguard`,
  zsh: `#compdef threatguard
_threatguard() {
  local -a found
  found=("\${(@f)$(threatguard complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _threatguard threatguard`,
  fish: `complete -c threatguard -f -a '(threatguard complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
} as const;
