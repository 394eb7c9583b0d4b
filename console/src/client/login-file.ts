// Who is logged in to a collector, kept for the next command. One file for each deployment, so that what is logged in goes with
// the collector that is asked. Its tokens are good for that collector alone, over this console's certificate or none.
//
// Invariants: 0600 in a directory of 0700, replaced whole; a refresh token is shown once, so only whoever holds the lock does.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Deployment } from './deployment.ts';

/** A lock that is older is of a command that was killed: a refresh takes 10 s at most. */
const LOCK_MS_MAX = 15_000;
const LOCK_LOOK_MS = 50;
const VERSION = 1;

export interface Login {
  user: string;
  accessToken: string;
  refreshToken: string;
  /** Milliseconds since the Unix epoch. */
  accessUntilMs: number;
}

/** A file that is there and is none of ours. */
class LoginFileError extends Error {
  override readonly name = 'LoginFileError';
  readonly code = 'malformed';
}

export class LoginFile {
  readonly path: string;
  readonly #deployment: Pick<Deployment, 'collector' | 'home'>;

  /** `state` is where this user's programs of ours keep what they remember. */
  constructor(state: string, { collector, home }: Pick<Deployment, 'collector' | 'home'>) {
    const name = createHash('sha256').update(`${collector}\n${home}`).digest('hex').slice(0, 32);
    this.path = join(state, 'logins', `${name}.json`);
    this.#deployment = { collector, home };
  }

  /** Undefined where nobody is logged in. Throws LoginFileError where that cannot be known. */
  read(): Login | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new LoginFileError(`${this.path} cannot be read`, { cause: error });
    }
    const found = parse(text);
    const { collector, home } = this.#deployment;
    if (found?.version !== VERSION || found.collector !== collector || found.home !== home || !isLogin(found)) {
      throw new LoginFileError(`${this.path} is no login of this collector; "threatguard logout" removes it`);
    }
    const { user, accessToken, refreshToken, accessUntilMs } = found;
    return { user, accessToken, refreshToken, accessUntilMs };
  }

  /** Who it is, for whoever keeps connections: '' for nobody, and for a file that cannot be read. */
  get user(): string {
    try {
      return this.read()?.user ?? '';
    } catch (error) {
      if (error instanceof LoginFileError) return '';
      throw error;
    }
  }

  /** Whether there is a file, good or not. */
  get isThere(): boolean {
    return existsSync(this.path);
  }

  write(login: Login): void {
    const directory = dirname(this.path);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
    const next = `${this.path}.new`;
    rmSync(next, { force: true });
    const text = JSON.stringify({ version: VERSION, ...this.#deployment, ...login }, undefined, 2);
    writeFileSync(next, `${text}\n`, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(next, this.path);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }

  /** One console at a time. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const lock = `${this.path}.lock`;
    await mkdir(dirname(lock), { recursive: true, mode: 0o700 });
    while (!(await take(lock))) await wait(LOCK_LOOK_MS);
    try {
      return await work();
    } finally {
      await rm(lock, { force: true });
    }
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const found = await stat(lock).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > LOCK_MS_MAX) await rm(lock, { force: true });
    return false;
  }
}

function isLogin(found: Partial<Record<keyof Login, unknown>>): found is Login {
  const texts = [found.user, found.accessToken, found.refreshToken];
  return texts.every((text) => typeof text === 'string' && text !== '') && typeof found.accessUntilMs === 'number';
}

/** Undefined for what is no object in JSON. */
function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // What is no JSON is no login either.
    return undefined;
  }
}
