// Where the loss page lies: HOME/state/losses, its blocks written once so that a full disk cannot refuse them later.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LOSS_PAGE_BYTES, LossPage } from './loss-page.ts';

/** Opens or makes the page of the agent at `home`. Throws where the file cannot be had, or mapped into memory. */
export async function openLossPage(home: string): Promise<LossPage> {
  const { mapShared } = await import('../kernel/libc.ts');
  const directory = join(home, 'state');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const descriptor = openSync(join(directory, 'losses'), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    if (fstatSync(descriptor).size !== LOSS_PAGE_BYTES) {
      ftruncateSync(descriptor, 0);
      writeSync(descriptor, Buffer.alloc(LOSS_PAGE_BYTES), 0, LOSS_PAGE_BYTES, 0);
    }
    // Mapped for as long as the process lives: the kernel lets go of it with the process.
    return new LossPage(mapShared(descriptor, LOSS_PAGE_BYTES, 0, 'write').bytes, randomBytes(16));
  } finally {
    closeSync(descriptor);
  }
}
