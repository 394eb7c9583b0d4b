// What was found of the kernel's audit before it was changed, on disk, so that an agent that was killed is cleaned up after
// by the next one. State: `#saved` is what the file holds; the file is there exactly while the agent uses audit.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readBootId } from '../../host-facts.ts';
import type { AuditControl, AuditSettings } from './audit-control.ts';

type Name = keyof AuditSettings;
type Saved = Partial<Record<Name, { found: number; ours: number }>>;
const NAMES: readonly Name[] = ['enabled', 'failure', 'backlogLimit', 'backlogWaitTime'];

export class SavedSettings {
  readonly #file: string | undefined;
  readonly #boot = readBootId().toString('hex');
  #saved: Saved;
  #leftOver: boolean;

  /** Without a file nothing outlives the process. */
  constructor(file?: string) {
    this.#file = file;
    const found = this.#read();
    this.#saved = found ?? {};
    this.#leftOver = found !== undefined;
  }

  /** Whether an agent of this home was killed since the host started: its rules and settings may be there still. */
  get leftOver(): boolean {
    return this.#leftOver;
  }

  /** From now on there may be something to put back. */
  begin(): void {
    this.#leftOver = false;
    this.#write();
  }

  /** Everything is as it was found. */
  end(): void {
    if (this.#file) rmSync(this.#file, { force: true });
  }

  /** Changes one setting; how it was found is on disk before it changes. */
  async change(control: AuditControl, name: Name, found: number, ours: number): Promise<void> {
    if (found === ours) return;
    this.#saved[name] = { found, ours };
    this.#write();
    await control.set({ [name]: ours });
  }

  /** Puts back what still is as we left it; what somebody else has changed meanwhile stays. */
  async restore(control: AuditControl): Promise<void> {
    for (const name of NAMES) {
      const change = this.#saved[name];
      if (!change) continue;
      if ((await control.status())[name] === change.ours) await control.set({ [name]: change.found });
      delete this.#saved[name];
      this.#write();
    }
  }

  /** A file of another boot says nothing about the kernel as it is; a damaged one, nothing about its settings. */
  #read(): Saved | undefined {
    if (!this.#file) return undefined;
    try {
      const { boot, settings } = JSON.parse(readFileSync(this.#file, 'utf8')) as { boot?: unknown; settings?: Saved };
      if (boot !== this.#boot) return undefined;
      const whole = NAMES.filter((name) => isNumber(settings?.[name]?.found) && isNumber(settings?.[name]?.ours));
      return Object.fromEntries(whole.map((name) => [name, settings?.[name]]));
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError) return {};
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #write(): void {
    if (!this.#file) return;
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ boot: this.#boot, settings: this.#saved });
    writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

const isNumber = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
