// Processes of events as the tree they were, told in lines. A process nobody saw begin stands as its parent named it.
import type { StoredEvent } from '@threatguard/proto';

/** Processes of one tree; what a burst of a fork bomb adds beyond is counted, not drawn. */
const PROCESSES_MAX = 500;
const DEPTH_MAX = 40;

interface TreeProcess {
  key: string;
  parentKey: string;
  pid: number;
  what: string;
  user: string;
  atUs: number;
  /** In the events that were asked about. */
  marked: boolean;
  children: TreeProcess[];
}

export interface TreeLine {
  /** Raw: print through the gate. */
  text: string;
  /** 0 for the root of a tree. */
  depth: number;
  marked: boolean;
  atUs: number;
}

/** The processes of these events, each under its parent, the first first; `marked` says which are meant. */
export function processTree(
  events: readonly StoredEvent[],
  marked: (stored: StoredEvent) => boolean,
  options: { ascii: boolean },
): TreeLine[] {
  const processes = new Map<string, TreeProcess>();
  const inOrder = [...events].sort((a, b) => (a.eventAtUs ?? 0) - (b.eventAtUs ?? 0));
  for (const stored of inOrder) {
    const { process, user } = stored.event ?? {};
    if (!process?.pid || (!processes.has(keyOf(stored, process.pid)) && processes.size >= PROCESSES_MAX)) continue;
    const agentId = stored.reference?.agentId ?? '';
    const key = `${agentId} ${process.pid}`;
    const known = processes.get(key);
    const what = process.args?.join(' ') || process.executable || process.name || '?';
    const parentKey = process.parentPid ? `${agentId} ${process.parentPid}` : '';
    // exec keeps its pid: the newest image names it, its parent stays.
    processes.set(key, {
      key,
      parentKey: parentKey || known?.parentKey || '',
      pid: process.pid,
      what: known && !process.args?.length ? known.what : what,
      user: user?.name || known?.user || '',
      atUs: known?.atUs ?? stored.eventAtUs ?? 0,
      marked: marked(stored) || (known?.marked ?? false),
      children: [],
    });
    if (parentKey && !processes.has(parentKey)) {
      const parent = process.parentArgs?.join(' ') || process.parentExecutable || process.parentName || '?';
      const pid = process.parentPid ?? 0;
      processes.set(parentKey, {
        key: parentKey,
        parentKey: '',
        pid,
        what: parent,
        user: '',
        atUs: 0,
        marked: false,
        children: [],
      });
    }
  }
  return drawn([...processes.values()], options.ascii);
}

function keyOf(stored: StoredEvent, pid: number): string {
  return `${stored.reference?.agentId ?? ''} ${pid}`;
}

function drawn(processes: readonly TreeProcess[], ascii: boolean): TreeLine[] {
  const byKey = new Map(processes.map((each) => [each.key, each]));
  const roots: TreeProcess[] = [];
  for (const each of processes) {
    const parent = byKey.get(each.parentKey);
    if (parent && parent !== each) parent.children.push(each);
    else roots.push(each);
  }
  const lines: TreeLine[] = [];
  const seen = new Set<TreeProcess>();
  const [fork, last, along] = ascii ? ['|- ', '`- ', '|  '] : ['├─ ', '└─ ', '│  '];
  const draw = (each: TreeProcess, before: string, mark: string, depth: number) => {
    // Two hosts' worth of reused pids could point at each other.
    if (seen.has(each) || depth > DEPTH_MAX) return;
    seen.add(each);
    const who = each.user ? ` (${each.user})` : '';
    lines.push({ text: `${before}${mark}${each.pid} ${each.what}${who}`, depth, marked: each.marked, atUs: each.atUs });
    const under = before + (mark === '' ? '' : mark === last ? '   ' : along);
    for (const [index, child] of each.children.entries()) {
      draw(child, under, index === each.children.length - 1 ? last! : fork!, depth + 1);
    }
  };
  for (const root of roots) draw(root, '', '', 0);
  // Of a circle no process is a root: it begins anywhere.
  for (const each of processes) draw(each, '', '', 0);
  return lines;
}
