import { ECS_FIELDS } from '../ecs.ts';
import { suggest } from '../suggest.ts';

/** Names a stored event has beside those of the event itself. */
const STORED_FIELDS = ['host.name', 'agent.name', 'agent.id'] as const;

/** Every field a hunt may name. */
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
  return { help: suggest(lower, [...HUNT_FIELDS, ...Object.keys(SHORT)]) };
}
