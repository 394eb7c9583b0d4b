import { ECS_FIELDS } from '../ecs.ts';
import { suggest } from '../suggest.ts';

/** Names a stored event has beside those of the event itself. */
const STORED_FIELDS = ['host.name', 'agent.name', 'agent.id'] as const;

/** What an administrator said of the agent: `labels.env`. */
const LABEL = /^labels\.([a-z0-9][a-z0-9._-]{0,62})$/;

/** The name of the label that a field stands for; undefined for any other field. */
export function labelName(field: string): string | undefined {
  return LABEL.exec(field)?.[1];
}

/** Every field a hunt may name, beside those of labels. */
export const HUNT_FIELDS: readonly string[] = [...Object.keys(ECS_FIELDS), ...STORED_FIELDS];

/** What people write first. */
const SHORT: Record<string, string> = {
  user: 'user.name',
  host: 'host.name',
  agent: 'host.name',
  ip: 'source.ip',
  address: 'source.ip',
  port: 'destination.port',
  process: 'process.executable',
  exe: 'process.executable',
  pid: 'process.pid',
  cmd: 'process.command_line',
  command: 'process.command_line',
  path: 'file.path',
  file: 'file.path',
  hash: 'process.hash.sha256',
  action: 'event.action',
  outcome: 'event.outcome',
  category: 'event.category',
  domain: 'dns.question.name',
};

/** The ECS name of a field or of a short one; where there is none, what was probably meant. */
export function resolveField(name: string): string | { help: string } {
  const lower = name.toLowerCase();
  if (HUNT_FIELDS.includes(lower)) return lower;
  if (Object.hasOwn(SHORT, lower)) return SHORT[lower]!;
  if (labelName(lower) !== undefined) return lower;
  const label = /^labels?\.?(.*)$/.exec(lower);
  if (label) return { help: `; a label of agents is written labels.NAME, such as labels.${labelPart(label[1]!)}` };
  return { help: suggest(lower, [...HUNT_FIELDS, ...Object.keys(SHORT)]) };
}

const labelPart = (text: string) => (labelName(`labels.${text}`) === undefined ? 'env' : text);
