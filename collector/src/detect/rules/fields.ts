// The one table of names a rule may use: every ECS name of the contract, the names Sigma gives to the same fields, and
// what the collector knows beside the event. Nothing else reads events for rules.
import { Direction, ECS_FIELDS, type EcsValue, type HostEvent, toEcs } from '@threatguard/proto';

/** What a field may be read from. */
interface FieldSource {
  event: HostEvent;
  agentId: string;
  agentName: string;
}

interface FieldRow {
  /** The ECS name, under which the value appears in detections. */
  name: string;
  read(source: FieldSource): EcsValue;
}

/** Pseudo-field of keyword searches: the whole event as text. */
export const KEYWORD_FIELD = 'threatguard.text';

const ROWS: FieldRow[] = [
  ...Object.entries(ECS_FIELDS).map(([name, field]) => ({
    name,
    read: (source: FieldSource) => field.read(source.event),
  })),
  { name: 'agent.id', read: (source) => source.agentId || undefined },
  { name: 'agent.name', read: (source) => source.agentName || undefined },
  {
    name: 'threatguard.network.initiated',
    read: ({ event }) => (event.network?.direction ? event.network.direction === Direction.OUTBOUND : undefined),
  },
  {
    name: KEYWORD_FIELD,
    read: ({ event }) => event.original || Object.values(toEcs(event)).flat().join('\n'),
  },
];

/** Sigma's taxonomy, and the names log sources commonly use, over ECS. */
const SIGMA_NAMES: Record<string, string> = {
  Image: 'process.executable',
  CommandLine: 'process.command_line',
  CurrentDirectory: 'process.working_directory',
  ProcessId: 'process.pid',
  ProcessName: 'process.name',
  ParentImage: 'process.parent.executable',
  ParentCommandLine: 'process.parent.command_line',
  ParentProcessId: 'process.parent.pid',
  LogonId: 'threatguard.process.session_id',
  User: 'user.name',
  TargetUserName: 'user.target.name',
  TargetFilename: 'file.path',
  SourceIp: 'source.ip',
  SourcePort: 'source.port',
  DestinationIp: 'destination.ip',
  DestinationPort: 'destination.port',
  Protocol: 'network.transport',
  Initiated: 'threatguard.network.initiated',
  Computer: 'agent.name',
  ComputerName: 'agent.name',
  Hostname: 'agent.name',
  'host.name': 'agent.name',
};

const SLOTS = new Map(ROWS.map((row, slot) => [row.name, slot]));
for (const [sigmaName, name] of Object.entries(SIGMA_NAMES)) SLOTS.set(sigmaName, SLOTS.get(name)!);

/** The number under which a field is read; undefined for a name no event has. */
export function fieldSlot(name: string): number | undefined {
  return SLOTS.get(name);
}

/** The ECS name of a slot. */
export function fieldName(slot: number): string {
  return ROWS[slot]!.name;
}

type Folded = string | string[] | undefined;

/**
 * One event as rules read it: each field is fetched and folded to lower case at most once, however many rules ask.
 * One view is reused for all events; what it returns is valid until the next `show`.
 */
export class EventView implements FieldSource {
  event: HostEvent = {};
  agentId = '';
  agentName = '';
  /** When it happened by the collector's clock. */
  atUs = 0;
  #generation = 0;
  readonly #rawAt = new Float64Array(ROWS.length);
  readonly #foldedAt = new Float64Array(ROWS.length);
  readonly #raw: EcsValue[] = new Array(ROWS.length);
  readonly #folded: Folded[] = new Array(ROWS.length);

  show(event: HostEvent, atUs: number): void {
    this.event = event;
    this.atUs = atUs;
    this.#generation++;
  }

  raw(slot: number): EcsValue {
    if (this.#rawAt[slot] !== this.#generation) {
      this.#rawAt[slot] = this.#generation;
      this.#raw[slot] = ROWS[slot]!.read(this);
    }
    return this.#raw[slot];
  }

  /** As text in lower case; undefined where the event does not have the field. */
  folded(slot: number): Folded {
    if (this.#foldedAt[slot] !== this.#generation) {
      this.#foldedAt[slot] = this.#generation;
      this.#folded[slot] = fold(this.raw(slot));
    }
    return this.#folded[slot];
  }

  /** As text for people and keys; undefined where the event does not have the field. */
  text(slot: number): string | undefined {
    const value = this.raw(slot);
    return value === undefined ? undefined : Array.isArray(value) ? value.join(', ') : String(value);
  }
}

function fold(value: EcsValue): Folded {
  if (typeof value === 'string') return value.toLowerCase();
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.map((entry) => entry.toLowerCase()) : String(value);
}
