// Thousands of changes in a second become few events: of each directory the first ones as they are, the rest as one summary.
//
// State: one window, begun by its first change. Invariant: every change given is in exactly one event, alone or counted; a flood in
// one directory takes no place from another.
import { dirname } from 'node:path';
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';

const WINDOW_MS = 1000;
/** Told one by one in each window: an editor, a useradd or a small package stay below. */
const DIRECTORY_EVENTS_MAX = 50;
const EVENTS_MAX = 500;
/** Changes of single files that are watched by name always stand alone, up to this: there are only so many. */
const NAMED_EVENTS_MAX = 2000;
/** Directories summed apart; beyond it they are summed under the directory they have in common. */
const GROUPS_MAX = 64;

interface Group {
  activity: Activity;
  directory: string;
  count: number;
  first: string;
  last: string;
  firstAtUs: number;
  sensor: string;
}

export class ChangeFold {
  readonly #emit: (event: HostEvent) => void;
  readonly #byDirectory = new Map<string, number>();
  readonly #groups = new Map<string, Group>();
  #events = 0;
  #named = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(emit: (event: HostEvent) => void) {
    this.#emit = emit;
  }

  /** Whether something is counted that no event has told yet. */
  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  /** `named`: the file is watched by its own name, not as one of a directory. */
  add(event: HostEvent, named: boolean): void {
    this.#timer ??= setTimeout(() => this.flush(), WINDOW_MS);
    if (this.#mayStandAlone(dirname(event.file?.path ?? '/'), named)) this.#emit(event);
    else this.#count(event);
  }

  /** Tells what is counted, and begins a new window with the next change. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#byDirectory.clear();
    this.#events = this.#named = 0;
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    for (const group of groups) this.#emit(summary(group));
  }

  #mayStandAlone(directory: string, named: boolean): boolean {
    if (named) return ++this.#named <= NAMED_EVENTS_MAX;
    const count = (this.#byDirectory.get(directory) ?? 0) + 1;
    if (count > DIRECTORY_EVENTS_MAX || this.#events >= EVENTS_MAX) return false;
    this.#byDirectory.set(directory, count);
    this.#events++;
    return true;
  }

  #count(event: HostEvent): void {
    const path = event.file?.path ?? '/';
    const activity = event.activity ?? Activity.ACTIVITY_UNSPECIFIED;
    let key = `${activity} ${dirname(path)}`;
    if (!this.#groups.has(key) && this.#groups.size >= GROUPS_MAX) key = `${activity}`;
    const group = this.#groups.get(key);
    if (group) {
      group.count++;
      group.last = path;
      group.directory = commonDirectory(group.directory, dirname(path));
      return;
    }
    this.#groups.set(key, {
      activity,
      directory: dirname(path),
      count: 1,
      first: path,
      last: path,
      firstAtUs: event.observedAtUs ?? 0,
      sensor: event.sensor ?? '',
    });
  }
}

/** The first and the last name stand where the lines of a single file would. */
function summary({ activity, directory, count, first, last, firstAtUs, sensor }: Group): HostEvent {
  const start = directory === '/' ? 1 : directory.length + 1;
  const names = [...new Set([first, last])].map((path) => path.slice(start));
  return {
    observedAtUs: firstAtUs,
    class: EventClass.FILE,
    activity,
    outcome: Outcome.SUCCESS,
    sensor,
    file: {
      path: directory,
      count,
      ...(activity === Activity.FILE_DELETED ? { removedLines: names } : { addedLines: names }),
    },
    missing: ['user.name', 'process.pid', 'file.hash.sha256', 'file.mode'],
  };
}

function commonDirectory(one: string, other: string): string {
  let common = one;
  while (common !== '/' && other !== common && !other.startsWith(`${common}/`)) common = dirname(common);
  return common;
}
