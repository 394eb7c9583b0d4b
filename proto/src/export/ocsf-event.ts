// Events in OCSF, by class. What a class has no place for stands under `unmapped`, with its ECS name.
import { toEcs } from '../ecs.ts';
import { Activity, Direction, type HostEvent, Outcome, type Process, type StoredEvent, type User } from '../v1.ts';
import { type ExportDocument, type ExportValue, withoutEmpty } from './json.ts';
import { nameOf, ocsfDevice, ocsfMetadata } from './ocsf-alert.ts';
import { type OcsfClass, ocsfActivityOf, ocsfHead } from './ocsf-classes.ts';
import { type Exporter, eventKeyOf, eventTimeUs, toMs } from './source.ts';

const OUTCOMES: Record<number, readonly [number, string]> = {
  [Outcome.SUCCESS]: [1, 'Success'],
  [Outcome.FAILURE]: [2, 'Failure'],
};
const DIRECTIONS: Record<number, readonly [number, string]> = {
  [Direction.INBOUND]: [1, 'Inbound'],
  [Direction.OUTBOUND]: [2, 'Outbound'],
};
/** IANA protocol numbers. */
const PROTOCOLS: Record<string, number> = { icmp: 1, tcp: 6, udp: 17 };

const user = (who: User | null | undefined): ExportValue =>
  who ? { name: who.name || undefined, uid: idText(who.id), groups: [group(who)] } : undefined;

const group = (who: User | null | undefined): ExportValue =>
  who ? { name: who.groupName || undefined, uid: idText(who.groupId) } : undefined;

/** 0 is an id as any other. */
const idText = (id: number | null | undefined) => (id === null || id === undefined ? undefined : String(id));

const fileAt = (path: string | null | undefined): ExportDocument | undefined =>
  path ? { path, name: nameOf(path), type_id: 1, type: 'Regular File' } : undefined;

const hash = (value: string | null | undefined): ExportValue =>
  value ? [{ algorithm_id: 3, algorithm: 'SHA-256', value }] : undefined;

function processOf(process: Process | null | undefined, who?: User | null): ExportValue {
  if (!process) return undefined;
  return {
    pid: process.pid || undefined,
    name: process.name || undefined,
    cmd_line: process.args?.join(' ') || undefined,
    created_time: process.startAtUs ? toMs(process.startAtUs) : undefined,
    session: { uid: idText(process.sessionId), terminal: process.tty || undefined },
    container: { uid: process.containerId || undefined },
    file: { ...fileAt(process.executable), hashes: hash(process.executableSha256) },
    user: user(who),
    parent_process: parentOf(process),
  };
}

const parentOf = (process: Process | null | undefined): ExportValue =>
  process
    ? {
        pid: process.parentPid || undefined,
        name: process.parentName || undefined,
        cmd_line: process.parentArgs?.join(' ') || undefined,
        file: fileAt(process.parentExecutable),
      }
    : undefined;

const endpoint = (ip: string | null | undefined, port: number | null | undefined): ExportValue => ({
  ip: ip || undefined,
  port: port || undefined,
});

const connectionOf = ({ network }: HostEvent): ExportValue => {
  const [directionId, direction] = DIRECTIONS[network?.direction ?? 0] ?? [0, 'Unknown'];
  const protocol = network?.transport || undefined;
  return {
    direction_id: directionId,
    direction,
    protocol_name: protocol,
    protocol_num: protocol && Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : undefined,
  };
};

/** Required members of which a host said nothing; an id of 0 is their "Unknown". */
const UNKNOWN_USER = { name: 'unknown', type_id: 0, type: 'Unknown' };
const UNKNOWN_FILE = { name: 'unknown', type_id: 0, type: 'Unknown' };

const known = (value: ExportValue): ExportDocument | undefined => {
  const left = withoutEmpty({ value }).value;
  return left as ExportDocument | undefined;
};

const someone = (who: User | null | undefined): ExportValue => known(user(who)) ?? UNKNOWN_USER;

const doer = (event: HostEvent): ExportValue =>
  known({ user: user(event.user), process: processOf(event.process) }) ?? { user: UNKNOWN_USER };

/** What each class has beside what all have. */
const MEMBERS: Record<OcsfClass, (event: HostEvent) => ExportDocument> = {
  0: () => ({}),
  1001: (event) => ({
    actor: doer(event),
    file: {
      ...(fileAt(event.file?.path) ?? UNKNOWN_FILE),
      hashes: hash(event.file?.sha256),
      size: event.file?.size || undefined,
      owner: { uid: idText(event.file?.ownerId) },
    },
    count: event.file?.count || undefined,
  }),
  1007: (event) => ({
    // Who did it: the parent of what was launched, the process itself of what it did later.
    actor:
      event.activity === Activity.EXEC
        ? { user: someone(event.user), process: parentOf(event.process) }
        : { user: someone(event.user), process: processOf(event.process, event.user) },
    // 0 is no process's number.
    process: known(processOf(event.activity === Activity.TRACED ? event.targetProcess : event.process, event.user)) ?? {
      pid: 0,
    },
    exit_code: event.process?.exitCode ?? undefined,
  }),
  1008: (event) => ({ actor: doer(event), log_name: 'audit' }),
  2004: () => ({}),
  3001: (event) => ({ actor: doer(event), user: someone(event.targetUser ?? event.user) }),
  3002: (event) => ({
    actor: { process: processOf(event.process) },
    user: someone(event.user),
    service: { name: event.serviceName || 'unknown' },
    src_endpoint: endpoint(event.authentication?.sourceAddress, event.authentication?.sourcePort),
    is_remote: Boolean(event.authentication?.sourceAddress),
    auth_protocol_id: event.authentication?.method ? 99 : undefined,
    auth_protocol: event.authentication?.method || undefined,
    status_detail: event.authentication?.reason || undefined,
    count: event.authentication?.count || undefined,
  }),
  3003: (event) => ({
    actor: doer(event),
    user: someone(event.targetUser ?? event.user),
    privileges: [event.authentication?.command || 'unknown'],
    status_detail: event.authentication?.reason || undefined,
  }),
  3004: () => ({}),
  3006: (event) => ({
    actor: doer(event),
    group: known(group(event.targetUser)) ?? { name: 'unknown' },
    user: someone(event.targetUser),
  }),
  4001: (event) => ({
    actor: doer(event),
    connection_info: connectionOf(event),
    src_endpoint:
      event.activity === Activity.LISTENING
        ? undefined
        : endpoint(event.network?.sourceAddress, event.network?.sourcePort),
    // Who listens is where others will connect to.
    dst_endpoint: known(
      event.activity === Activity.LISTENING
        ? endpoint(event.network?.sourceAddress, event.network?.sourcePort)
        : endpoint(event.network?.destinationAddress, event.network?.destinationPort),
    ) ?? { name: 'unknown' },
    traffic: { bytes_out: event.network?.bytesSent || undefined, bytes_in: event.network?.bytesReceived || undefined },
    duration: event.network?.durationUs ? toMs(event.network.durationUs) : undefined,
  }),
  4003: (event) => ({
    actor: doer(event),
    connection_info: connectionOf(event),
    src_endpoint: endpoint(event.network?.sourceAddress, event.network?.sourcePort),
    dst_endpoint: endpoint(event.network?.destinationAddress, event.network?.destinationPort),
    query: { hostname: event.network?.questionName || undefined, type: event.network?.questionType || undefined },
    answers: (event.network?.answers ?? []).map((rdata) => ({ rdata })),
  }),
  5001: () => ({}),
  6002: (event) => ({ actor: doer(event), app: { name: event.serviceName || 'unknown', vendor_name: 'unknown' } }),
};

/** ECS names that the members above say already, by how they begin; the rest is unmapped. */
const MAPPED =
  /^(@timestamp|event\.|host\.name|user\.(name|id)$|source\.|destination\.|network\.|dns\.|process\.(pid|name|executable|command_line|args|exit_code|hash|parent\.)|file\.(path|hash|size|uid)|service\.name|container\.id)/;

/** Of these the object says itself whatever it is. */
const HEAD = /^(@timestamp|event\.)/;

/** One stored event as an object of the class its activity belongs to. */
export function eventToOcsf(stored: StoredEvent, exporter: Exporter): ExportDocument {
  const event = stored.event ?? {};
  const activity = ocsfActivityOf(event.activity);
  const [statusId, status] = OUTCOMES[event.outcome ?? 0] ?? [0, 'Unknown'];
  // What nobody has named has no members of its own.
  const said = activity.classUid === 0 ? HEAD : MAPPED;
  const left = Object.entries(toEcs(event)).filter(([name]) => !said.test(name));
  const profiles =
    activity.classUid === 0
      ? []
      : event.process?.containerId && activity.classUid !== 5001
        ? ['host', 'container']
        : ['host'];
  return withoutEmpty({
    ...ocsfHead(activity),
    metadata: ocsfMetadata(exporter, {
      uid: eventKeyOf(stored.reference),
      logName: event.sensor || undefined,
      profiles,
    }),
    time: toMs(eventTimeUs(stored)),
    // An event says nothing of how bad it is: "Informational".
    severity_id: 1,
    severity: 'Informational',
    status_id: statusId,
    status,
    device: activity.classUid === 0 ? undefined : ocsfDevice(stored.reference?.agentId, stored.agentName),
    ...MEMBERS[activity.classUid](event),
    raw_data: event.original || undefined,
    unmapped: {
      ...(activity.classUid === 0 && { 'host.name': stored.agentName || undefined }),
      ...Object.fromEntries(left),
    },
  });
}
