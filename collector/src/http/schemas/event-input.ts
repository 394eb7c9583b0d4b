// Events as somebody sends them: the fields of HostEvent (proto/threatguard/v1/event.proto) in snake case, with words for
// numbers. Lengths are held against the same limits as those of agents, in the shard.
import { Activity, Direction, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { z } from 'zod';

/** Of one request. */
export const EVENTS_MAX = 1_000;
/** RFC 3339, as every time here. */
export const TIME_RULE = 'write a time such as 2026-11-22T05:00:00Z or 2026-11-22T07:00:00+02:00 (a + in a URL as %2B)';
const TEXT_MAX = 32_768;
const LIST_MAX = 1_024;

const text = z.string().max(TEXT_MAX).optional();
const list = z.array(z.string().max(TEXT_MAX)).max(LIST_MAX).optional();
const uint32 = z.int().min(0).max(0xffff_ffff).optional();
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional();
const port = z.int().min(0).max(65_535).optional();
const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, 'a SHA-256 has 64 of 0-9, a-f')
  .optional();

const words = <T extends Record<string, string | number>>(numbers: T, without: string) =>
  Object.keys(numbers)
    .filter((name) => Number.isNaN(Number(name)) && !name.endsWith('UNSPECIFIED') && name !== without)
    .map((name) => name.toLowerCase()) as [string, ...string[]];

const user = z
  .strictObject({ name: text, id: uint32, group_name: text, group_id: uint32, home: text, shell: text })
  .optional();

const process = z
  .strictObject({
    ...{ pid: uint32, parent_pid: uint32, name: text, executable: text, args: list, working_directory: text },
    ...{ parent_name: text, parent_executable: text, parent_args: list, login_uid: uint32, session_id: uint32 },
    ...{ cgroup: text, container_id: text, exit_code: z.int32().optional(), tty: text },
    ...{ deleted_executable: z.boolean().optional(), memory_executable: z.boolean().optional() },
    ...{ effective_user_id: uint32, previous_user_id: uint32, executable_sha256: hash },
  })
  .optional();

export const eventInput = z.strictObject({
  observed_at: z.iso
    .datetime({ offset: true, error: TIME_RULE })
    .optional()
    .describe('When it happened; now where it is left out'),
  class: z.enum(words(EventClass, '')),
  activity: z.enum(words(Activity, '')).optional(),
  outcome: z.enum(words(Outcome, '')).optional(),
  sensor: text,
  service_name: text,
  user,
  target_user: user,
  process,
  target_process: process,
  network: z
    .strictObject({
      ...{ transport: text, direction: z.enum(words(Direction, '')).optional() },
      ...{ source_address: text, source_port: port, destination_address: text, destination_port: port },
      ...{ bytes_sent: count, bytes_received: count, duration_us: count },
      ...{ question_name: text, question_type: text, answers: list },
    })
    .optional(),
  file: z
    .strictObject({
      ...{ path: text, previous_sha256: hash, sha256: hash, size: count, mode: uint32, owner_id: uint32 },
      ...{ group_id: uint32, added_lines: list, removed_lines: list, count: uint32, previous_mode: uint32 },
    })
    .optional(),
  authentication: z
    .strictObject({
      ...{ method: text, source_address: text, source_port: port, key_fingerprint: text },
      ...{ invalid_user: z.boolean().optional(), tty: text, command: text, reason: text, count: uint32 },
    })
    .optional(),
  original: text.describe('The line of the log'),
});

export type EventInput = z.output<typeof eventInput>;

/** The event as an agent would have sent it. */
export function toHostEvent(input: EventInput, nowUs: number): HostEvent {
  const { observed_at, class: kind, activity, outcome, network, ...rest } = input;
  const number = (numbers: object, name: string | undefined) =>
    name === undefined ? 0 : (numbers as Record<string, number>)[name.toUpperCase()]!;
  return {
    ...(camelKeys(rest) as HostEvent),
    ...(network && {
      network: { ...(camelKeys(network) as object), direction: number(Direction, network.direction) } as object,
    }),
    observedAtUs: observed_at === undefined ? nowUs : Date.parse(observed_at) * 1000,
    class: number(EventClass, kind),
    activity: number(Activity, activity),
    outcome: number(Outcome, outcome),
  };
}

/** Names of fields as protobuf has them, each made once: the schema lets no other through. */
const CAMEL = new Map<string, string>();

function camelOf(name: string): string {
  let camel = CAMEL.get(name);
  if (camel === undefined) {
    camel = name.replace(/_([a-z0-9])/g, (_, first: string) => first.toUpperCase());
    CAMEL.set(name, camel);
  }
  return camel;
}

/** Lists are of texts alone. */
function camelKeys(value: object): object {
  const camel: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value)) {
    camel[camelOf(name)] = typeof each === 'object' && !Array.isArray(each) ? camelKeys(each) : each;
  }
  return camel;
}
