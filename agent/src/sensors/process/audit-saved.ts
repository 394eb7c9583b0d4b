// What was found of the kernel's audit before it was changed, on disk, so that an agent that was killed is cleaned up after
// by the next one. State: `#saved` is what the file holds; the file is there exactly while something differs from how it
// was found.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readBootId } from '../../host-facts.ts';
import type { AuditControl, AuditSettings } from './audit-control.ts';

type Name = keyof AuditSettings;
type Saved = Partial<Record<Name, { found: number; ours: number }>>;
const NAMES: readonly Name[] = ['enabled', 'failure', 'backlogLimit', 'backlogWaitTime'];

export class SavedSettings {
  readonly #file: string | undefined;
  readonly #boot = readBootId().toString('hex');
  #saved: Saved = {};

  /** Without a file nothing outlives the process. */
  constructor(file?: string) {
    this.#file = file;
    this.#saved = this.#read();
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

  /** A file of another boot, or a damaged one, says nothing about the kernel as it is. */
  #read(): Saved {
    if (!this.#file) return {};
    try {
      const { boot, settings } = JSON.parse(readFileSync(this.#file, 'utf8')) as { boot?: unknown; settings?: Saved };
      if (boot !== this.#boot || typeof settings !== 'object' || settings === null) return {};
      const whole = NAMES.filter((name) => isNumber(settings[name]?.found) && isNumber(settings[name]?.ours));
      return Object.fromEntries(whole.map((name) => [name, settings[name]]));
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
  }

  #write(): void {
    if (!this.#file) return;
    if (Object.keys(this.#saved).length === 0) {
      rmSync(this.#file, { force: true });
      return;
    }
    const text = JSON.stringify({ boot: this.#boot, settings: this.#saved });
    writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

const isNumber = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
