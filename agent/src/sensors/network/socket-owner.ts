// Which process holds a socket: the kernel's lists name its inode, and /proc/PID/fd names the inodes a process holds.
import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type ProcessFacts, readParentPid, readProcessFacts } from '../process/proc-facts.ts';

/** Descriptors looked at beyond those of known holders: saved up to this for a search of everything ... */
const LINKS_SAVED_MAX = 50_000;
/** ... and earned at this rate. At 3 us for each, a host that opens sockets all the time gives us 3 % of a core. */
const LINKS_PER_SECOND = 10_000;
/** Steps from a process to the one that opened a socket and left it to its children. */
const ANCESTORS_MAX = 8;
/** Descriptors looked at before the event loop has its turn: about 2 ms. */
const LINKS_PER_SLICE = 500;
/** Processes remembered as holders of sockets, looked at first. */
const HOLDERS_MAX = 512;
/** Owners remembered by inode. */
const OWNERS_MAX = 8192;

export class SocketOwners {
  readonly #proc: string;
  readonly #owners = new Map<number, ProcessFacts>();
  readonly #holders = new Set<number>();
  #refused = false;
  #links = LINKS_SAVED_MAX;
  #earnedAtMs = 0;

  constructor(proc = '/proc') {
    this.#proc = proc;
  }

  /** Whether descriptors of other users' processes could not be looked at. */
  get refused(): boolean {
    return this.#refused;
  }

  /** The owner as it was when the socket was first asked for. */
  get(inode: number): ProcessFacts | undefined {
    return this.#owners.get(inode);
  }

  /** Finds the owners of these inodes, those known already left out; a process's facts are read as it is found. */
  async find(inodes: Iterable<number>, nowMs: number): Promise<void> {
    const wanted = new Set([...inodes].filter((inode) => inode !== 0 && !this.#owners.has(inode)));
    if (wanted.size === 0) return;
    this.#links = Math.min(LINKS_SAVED_MAX, this.#links + ((nowMs - this.#earnedAtMs) * LINKS_PER_SECOND) / 1000);
    this.#earnedAtMs = nowMs;
    let looked = 0;
    for (const pid of this.#candidates()) {
      if (this.#links <= 0 && !this.#holders.has(pid)) return;
      for (const descriptor of this.#descriptors(pid)) {
        this.#links--;
        if (++looked % LINKS_PER_SLICE === 0) await setImmediate();
        const inode = this.#socketInode(pid, descriptor);
        if (inode === undefined || !wanted.delete(inode)) continue;
        this.#remember(inode, this.#opener(pid, inode));
        if (wanted.size === 0) return;
      }
    }
  }

  /** A child inherits its parent's sockets: the eldest process that holds it, short of init, is the one meant. */
  #opener(pid: number, inode: number): number {
    let opener = pid;
    for (let step = 0; step < ANCESTORS_MAX; step++) {
      const parent = readParentPid(opener, this.#proc);
      const holds = () => this.#descriptors(parent).some((name) => this.#socketInode(parent, name) === inode);
      if (parent <= 1 || !holds()) break;
      opener = parent;
    }
    return opener;
  }

  /** Known holders first, newest first (a server that accepts again), then every process, newest first. */
  #candidates(): number[] {
    const known = [...this.#holders].reverse();
    const all = readdirSync(this.#proc)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => !this.#holders.has(pid));
    return [...known, ...all.sort((a, b) => b - a)];
  }

  #descriptors(pid: number): string[] {
    try {
      return readdirSync(`${this.#proc}/${pid}/fd`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') this.#refused = true;
      else this.#holders.delete(pid);
      return [];
    }
  }

  #socketInode(pid: number, descriptor: string): number | undefined {
    try {
      const link = readlinkSync(`${this.#proc}/${pid}/fd/${descriptor}`);
      return link.startsWith('socket:[') ? Number(link.slice(8, -1)) : undefined;
    } catch {
      // Closed since it was listed.
      return undefined;
    }
  }

  #remember(inode: number, pid: number): void {
    const facts = readProcessFacts(pid, this.#proc);
    if (!facts) return;
    this.#owners.set(inode, facts);
    this.#holders.delete(pid);
    this.#holders.add(pid);
    for (const oldest of this.#owners.keys()) {
      if (this.#owners.size <= OWNERS_MAX) break;
      this.#owners.delete(oldest);
    }
    for (const oldest of this.#holders) {
      if (this.#holders.size <= HOLDERS_MAX) break;
      this.#holders.delete(oldest);
    }
  }
}
