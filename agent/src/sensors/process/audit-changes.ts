// Who changed a watched file, as the kernel's audit saw it. State: the last change of each path, of the last
// CHANGE_US_MAX, at most CHANGES_MAX; oldest first in the map. Forgotten whenever the kernel dropped records, for then the
// last change known may not be the last there was.
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HostEvent } from '@threatguard/proto';
import type { Author, ChangeAuthors } from '../file/changed-by.ts';
import type { WatchedPath } from '../file/watched-paths.ts';
import { readUserNames } from '../user-names.ts';
import { fileEvents } from './audit-file.ts';
import { AUDIT_KEY, encodeDirectoryWatch, encodeFileWatch } from './audit-rules.ts';
import type { AuditReader, AuditSession, AuditWhen } from './audit-session.ts';

/** The file sensor looks within milliseconds, and at everything every 15 seconds. */
const CHANGE_US_MAX = 20_000_000;
/** Clocks of the kernel and of the one who asks are the same; a change is stamped when its call began. */
const AHEAD_US_MAX = 1_000_000;
const CHANGES_MAX = 4096;
/** Rules of ours: the built-in paths are about thirty, and some twenty for each home. */
const RULES_MAX = 256;

export function createAuditChanges(session: AuditSession, when: AuditWhen): ChangeAuthors {
  return new AuditChanges(session, when);
}

class AuditChanges implements ChangeAuthors {
  readonly #session: AuditSession;
  readonly #when: AuditWhen;
  readonly #users = readUserNames();
  readonly #changes = new Map<string, { atUs: number; author: Author }>();
  #reader: AuditReader | undefined;
  #problem = '';

  constructor(session: AuditSession, when: AuditWhen) {
    this.#session = session;
    this.#when = when;
  }

  get problem(): string {
    return this.#problem;
  }

  async watch(paths: readonly WatchedPath[]): Promise<void> {
    const rules = paths.flatMap(rulesFor);
    const unwatched = Math.max(0, rules.length - RULES_MAX);
    if (unwatched > 0)
      this.#problem = `who changes a file is not known of ${unwatched} paths: kernel rules end at ${RULES_MAX}`;
    const reader: AuditReader = {
      rules: rules.slice(0, RULES_MAX),
      onRecords: (records) => {
        for (const event of fileEvents(records)) this.#remember(event);
      },
      onGap: () => this.#changes.clear(),
    };
    try {
      await this.#session.attach(reader, this.#when);
      this.#reader = reader;
    } catch (error) {
      this.#problem = `who changes a file is not known: ${(error as Error).message}`;
    }
  }

  async stop(): Promise<void> {
    if (this.#reader) await this.#session.detach(this.#reader);
    this.#reader = undefined;
  }

  changedBy(path: string, atUs: number): Author | undefined {
    if (!this.#reader) return undefined;
    this.#session.drain();
    const change = this.#changes.get(path);
    const fits = change && change.atUs <= atUs + AHEAD_US_MAX && atUs - change.atUs <= CHANGE_US_MAX;
    return fits ? change.author : undefined;
  }

  #remember({ observedAtUs = 0, file, user, process, outcome, missing }: HostEvent): void {
    const path = file?.path ?? '';
    if (outcome !== 1 || missing?.includes('file.path') || !user || !process) return;
    const name = user.name || (user.id == null ? undefined : this.#users.nameOf(user.id));
    this.#changes.delete(path);
    this.#changes.set(path, { atUs: observedAtUs, author: { user: { ...user, name }, process } });
    const [oldest] = this.#changes.keys();
    if (this.#changes.size > CHANGES_MAX && oldest !== undefined) this.#changes.delete(oldest);
  }
}

/** A file is watched through the directory it is in, whether it exists or not; a directory only while it exists. */
function rulesFor({ path, depth }: WatchedPath): Uint8Array[] {
  if (depth === 0) return isDirectory(dirname(path)) && !isDirectory(path) ? [encodeFileWatch(path, AUDIT_KEY)] : [];
  return isDirectory(path) ? encodeDirectoryWatch(process.arch, path, AUDIT_KEY) : [];
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false; // behind a file, or in a loop of links: nothing to watch
  }
}
