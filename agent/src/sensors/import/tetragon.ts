// Tetragon's JSON export: one GetEventsResponse a line, as protojson with the field names of its .proto files.
import { constants } from 'node:os';
import { Activity, EventClass, type HostEvent, Outcome, type Process } from '@threatguard/proto';
import { at, idOf, integerOf, objectOf, originalOf, parseObject, textOf, timeOf } from './json-fields.ts';
import { type Reading, unknown } from './reading.ts';
import { readHook } from './tetragon-hook.ts';

const HOOKS = ['process_kprobe', 'process_lsm'] as const;

/** What one line says: executions, exits, and those kernel functions whose meaning does not depend on the policy. */
export function readTetragonLine(line: string): Reading {
  const response = parseObject(line);
  if (!response) return unknown('no JSON object');
  const exec = objectOf(at(response, 'process_exec'));
  if (exec) return finish(line, response, exec, EXECUTED);
  const exit = objectOf(at(response, 'process_exit'));
  if (exit) return finish(line, response, exit, exitFacts(exit));
  for (const kind of HOOKS) {
    const hook = objectOf(at(response, kind));
    if (!hook) continue;
    const facts = readHook(hook);
    return facts ? finish(line, response, hook, facts) : unknown(kind, textOf(at(hook, 'function_name')));
  }
  const dropped = integerOf(at(response, 'rate_limit_info', 'number_of_dropped_process_events'));
  if (dropped) return { lost: { count: dropped, atUs: timeOf(at(response, 'time')) } };
  return unknown('an event of Tetragon that maps to none of ours:', Object.keys(response)[0]);
}

function finish(line: string, response: object, body: object, facts: HostEvent): Reading {
  const subject = at(body, 'process');
  const observedAtUs = timeOf(at(response, 'time')) ?? timeOf(at(body, 'time')) ?? timeOf(at(subject, 'start_time'));
  if (!objectOf(subject)) return unknown('an event of Tetragon that names no process');
  if (observedAtUs === undefined) return unknown('an event of Tetragon without a time');
  const credentials = at(subject, 'process_credentials');
  const uid = idOf(at(credentials, 'uid')) ?? idOf(at(subject, 'uid'));
  const event: HostEvent = {
    observedAtUs,
    outcome: Outcome.SUCCESS,
    sensor: 'import.tetragon',
    serviceName: 'tetragon',
    ...facts,
    user: { name: textOf(at(subject, 'user', 'name')), id: uid, groupId: idOf(at(credentials, 'gid')) },
    process: { ...processOf(subject), ...parentOf(at(body, 'parent')), ...facts.process },
    original: originalOf(line),
    // Tetragon joins arguments with blanks and does not say argv[0]: where one ends is a guess.
    missing: ['process.args', ...(uid === undefined ? ['user.id'] : [])],
  };
  return { event };
}

const EXECUTED: HostEvent = { class: EventClass.PROCESS, activity: Activity.EXEC };

/** A process ended by a signal has the code a shell gives it. */
function exitFacts(exit: object): HostEvent {
  const signal = (constants.signals as Record<string, number>)[textOf(at(exit, 'signal'))];
  const status = idOf(at(exit, 'status')) ?? 0;
  return {
    class: EventClass.PROCESS,
    activity: Activity.EXIT,
    process: { exitCode: signal === undefined ? status & 0xff : 128 + signal },
  };
}

/** A `Process` of Tetragon as ours. */
function processOf(subject: unknown): Process {
  const executable = textOf(at(subject, 'binary'));
  const flags = textOf(at(subject, 'flags')).split(' ');
  const properties = at(subject, 'binary_properties', 'file', 'inode');
  const euid = idOf(at(subject, 'process_credentials', 'euid'));
  const startAtUs = timeOf(at(subject, 'start_time'));
  return {
    pid: idOf(at(subject, 'pid')) ?? 0,
    executable,
    name: executable.slice(executable.lastIndexOf('/') + 1).slice(0, 15),
    args: [executable, ...splitArguments(textOf(at(subject, 'arguments')))],
    argsTruncated: flags.includes('truncArgs') || flags.includes('truncFilename'),
    workingDirectory: textOf(at(subject, 'cwd')),
    loginUid: loginUid(at(subject, 'auid')),
    containerId: containerOf(subject),
    effectiveUserId: euid === idOf(at(subject, 'process_credentials', 'uid')) ? undefined : euid,
    executableInode: integerOf(at(properties, 'number')),
    deletedExecutable: integerOf(at(properties, 'links')) === 0 || undefined,
    memoryExecutable: executable.startsWith('memfd:') || undefined,
    ...(startAtUs !== undefined && startAtUs > 0 ? { startAtUs } : {}),
  };
}

function parentOf(parent: unknown): Process {
  if (!objectOf(parent)) return {};
  const { pid, name, executable, args } = processOf(parent);
  return { parentPid: pid, parentName: name, parentExecutable: executable, parentArgs: args };
}

/** An argument that holds a blank, or is empty, stands in double quotes; quotes inside it stand as they are. */
function splitArguments(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"(?= |$)|[^ ]+/g)].map((match) => match[1] ?? match[0]);
}

function loginUid(value: unknown): number | undefined {
  const id = idOf(value);
  return id === 0xffff_ffff ? undefined : id;
}

/** "containerd://<64 hex digits>"; without Kubernetes only the first 31 digits. */
function containerOf(subject: unknown): string {
  const id = textOf(at(subject, 'pod', 'container', 'id'));
  return id.slice(id.lastIndexOf('/') + 1) || textOf(at(subject, 'docker'));
}
