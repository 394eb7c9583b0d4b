import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MIB = 1024 * 1024;

/** A file system of its own that can be filled and freed. */
export class SmallDisk implements Disposable {
  readonly directory: string;
  readonly #filler: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.#filler = join(directory, 'filler');
  }

  /** Undefined where we may not mount one. */
  static mount(sizeMib: number): SmallDisk | undefined {
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-small-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', directory]).status === 0;
    if (mounted) {
      // Servers that refuse to run as root keep their data here too.
      chmodSync(directory, 0o1777);
      return new SmallDisk(directory);
    }
    rmdirSync(directory);
    return undefined;
  }

  /** Takes all room but so much. */
  fill(leaveMib: number): void {
    const { bavail, bsize } = statfsSync(this.directory);
    writeFileSync(this.#filler, Buffer.alloc(Math.max(0, bavail * bsize - leaveMib * MIB)));
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  [Symbol.dispose](): void {
    execFileSync('umount', [this.directory]);
    rmdirSync(this.directory);
  }
}
