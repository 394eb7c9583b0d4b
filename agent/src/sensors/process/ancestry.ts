// What is remembered of processes, so that a child's event can name its parent after the parent is gone.
// Invariant: at most PROCESSES_MAX entries, oldest use first in the map, each within PARENT_ARGS_BYTES_MAX.
import type { ActorRecord } from './ebpf-decode.ts';
import { readParent } from './proc-facts.ts';

/** Of a few hundred bytes each, usually; at most 8 MiB. */
const PROCESSES_MAX = 4096;
/** Arguments kept of a parent, in UTF-16 units: enough to recognise it by. */
const PARENT_ARGS_BYTES_MAX = 2048;

export interface Ancestor {
  executable: string;
  args: string[];
}

interface Entry extends Ancestor {
  /** When the process began; tells it from a later one with the same number. 0 where the source cannot see it. */
  startBootNs: number;
}

export interface Ancestry {
  /** Takes note of an exec. */
  remember(pid: number, startBootNs: number, process: Ancestor): void;
  /** The process as it last executed, from memory or, if it is older than us and still there, from /proc. */
  recall(pid: number, startBootNs: number): Ancestor | undefined;
  /** The parent of the process of an exec. */
  parentOf(record: ParentFields): Ancestor | undefined;
}

type ParentFields = Pick<
  ActorRecord,
  'parentPid' | 'parentStartBootNs' | 'parentExecutable' | 'grandparentPid' | 'grandparentStartBootNs'
>;

export function createAncestry(): Ancestry {
  const entries = new Map<number, Entry>();

  function remember(pid: number, startBootNs: number, { executable, args }: Ancestor): void {
    entries.delete(pid);
    entries.set(pid, { executable, args: clipArgs(args), startBootNs });
    if (entries.size > PROCESSES_MAX) entries.delete(entries.keys().next().value!);
  }

  function known(pid: number, startBootNs: number): Ancestor | undefined {
    const entry = entries.get(pid);
    if (entry?.startBootNs !== startBootNs) return undefined;
    entries.delete(pid);
    entries.set(pid, entry);
    return entry;
  }

  function recall(pid: number, startBootNs: number): Ancestor | undefined {
    const entry = known(pid, startBootNs);
    if (entry) return entry;
    const { parentExecutable, parentArgs } = readParent(pid);
    if (!parentArgs) return undefined;
    remember(pid, startBootNs, { executable: parentExecutable ?? '', args: parentArgs });
    return entries.get(pid);
  }

  /** A parent that never executed anything, such as a subshell, still runs the program of the one it was forked from. */
  function inherited(record: ParentFields): Ancestor | undefined {
    const grandparent = known(record.grandparentPid, record.grandparentStartBootNs);
    return grandparent?.executable === record.parentExecutable ? grandparent : undefined;
  }

  return {
    remember,
    recall,
    parentOf: (record) =>
      known(record.parentPid, record.parentStartBootNs) ??
      inherited(record) ??
      recall(record.parentPid, record.parentStartBootNs),
  };
}

function clipArgs(args: string[]): string[] {
  let room = PARENT_ARGS_BYTES_MAX;
  const kept: string[] = [];
  for (const arg of args) {
    if (room <= 0) break;
    kept.push(arg.slice(0, room));
    room -= arg.length + 1;
  }
  return kept;
}
