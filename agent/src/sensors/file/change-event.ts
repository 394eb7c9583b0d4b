// What became of a file between two looks. Pure.
import { Activity, EventClass, type File, type HostEvent, Outcome } from '@threatguard/proto';
import type { Snapshot } from './snapshot.ts';

const LINES_MAX = 64;
const LINE_CHARACTERS_MAX = 1024;

export interface Change {
  path: string;
  before: Snapshot | null;
  after: Snapshot | null;
  atUs: number;
  /** "file.watch", or "file.downtime" for what changed while the agent did not run. */
  sensor: string;
}

/** The event of a change; null where nothing that matters changed (a touch, the same bytes written again). */
export function changeEvent({ path, before, after, atUs, sensor }: Change): HostEvent | null {
  const activity = activityOf(before, after);
  const latest = after ?? before;
  if (activity === null || !latest) return null;
  const file: File = {
    path,
    previousSha256: before?.sha256 ?? '',
    sha256: after?.sha256 ?? '',
    size: after?.size ?? 0,
    mode: latest.mode,
    ownerId: latest.ownerId,
    groupId: latest.groupId,
    ...(before && after && attributesDiffer(before, after) ? previousAttributes(before) : {}),
    ...(activity === Activity.FILE_ATTRIBUTES ? {} : changedLines(path, before, after)),
  };
  return {
    observedAtUs: atUs,
    class: EventClass.FILE,
    activity,
    outcome: Outcome.SUCCESS,
    sensor,
    file,
    missing: ['user.name', 'process.pid'],
  };
}

function activityOf(before: Snapshot | null, after: Snapshot | null): Activity | null {
  if (!before || !after) return before ? Activity.FILE_DELETED : after ? Activity.FILE_CREATED : null;
  const content =
    before.sha256 !== after.sha256 ||
    before.link !== after.link ||
    before.size !== after.size ||
    before.kind !== after.kind;
  if (content) return Activity.FILE_MODIFIED;
  return attributesDiffer(before, after) ? Activity.FILE_ATTRIBUTES : null;
}

function attributesDiffer(before: Snapshot, after: Snapshot): boolean {
  return before.mode !== after.mode || before.ownerId !== after.ownerId || before.groupId !== after.groupId;
}

function previousAttributes({ mode, ownerId, groupId }: Snapshot): File {
  return { previousMode: mode, previousOwnerId: ownerId, previousGroupId: groupId };
}

function changedLines(path: string, before: Snapshot | null, after: Snapshot | null) {
  if (before?.link !== after?.link && (before?.link || after?.link)) {
    // A link that leads elsewhere says so, also where what it leads to may not be read.
    return { addedLines: linkLine(after), removedLines: linkLine(before) };
  }
  if ((before && before.text === null) || (after && after.text === null)) return {};
  const removed = countLines(before?.text ?? '');
  const addedLines: string[] = [];
  for (const line of (after?.text ?? '').split('\n')) {
    const left = removed.get(line) ?? 0;
    if (left > 0) removed.set(line, left - 1);
    else if (line !== '' && addedLines.length < LINES_MAX) addedLines.push(tellable(path, line));
  }
  const removedLines: string[] = [];
  for (const [line, left] of removed) {
    for (let n = 0; n < left && removedLines.length < LINES_MAX && line !== ''; n++)
      removedLines.push(tellable(path, line));
  }
  return { addedLines, removedLines };
}

function linkLine(snapshot: Snapshot | null): string[] {
  return snapshot?.link ? [`-> ${snapshot.link}`] : [];
}

function countLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  for (const line of text.split('\n')) lines.set(line, (lines.get(line) ?? 0) + 1);
  return lines;
}

/** Old systems keep password hashes in passwd and group; they stay on the host. */
function tellable(path: string, line: string): string {
  const shown = /(?:^|\/)(?:passwd|group)-?$/.test(path) ? line.replace(/^([^:]*):[^:]{2,}:/, '$1:x:') : line;
  return shown.slice(0, LINE_CHARACTERS_MAX);
}
