// Paths, put together by the kernel program itself: what a name leads to may be another file, or none, a moment later.
// Registers as in ebpf-pieces.ts.
import type { Assembler } from '../../kernel/bpf-assembler.ts';
import type { KernelLayout } from './ebpf-layout.ts';
import { follow, readKernel, readPointer, SLOT, setFlag } from './ebpf-reads.ts';
import { FLAG, PATH_DEPTH_MAX, PATHS_BYTES_MAX, RECORD } from './ebpf-record.ts';

/** Longest name in a directory with its NUL (NAME_MAX of limits.h). */
export const COMPONENT_BYTES_MAX = 256;

/**
 * Appends the names from the `struct path` at r9 + `path` up to the root of its mount namespace, and writes at `end`
 * where they end. A file that was never in a directory (memfd) has one name.
 */
export function walkPath(asm: Assembler, layout: KernelLayout, walk: { path: number; end: number; cut: number }): void {
  const { path, end, cut } = walk;
  const [next, name, step, done] = ['next', 'name', 'step', 'done'].map((label) => asm.uniqueLabel(label)) as Labels;
  readKernel(asm, { to: 'fp', at: SLOT.mount, bytes: 8, from: 'r9', offset: path + layout.path.mount });
  readKernel(asm, { to: 'fp', at: SLOT.dentry, bytes: 8, from: 'r9', offset: path + layout.path.dentry });
  asm.store(64, 'fp', SLOT.depth, 0);

  asm.label(next);
  asm.load(64, 'r9', 'fp', SLOT.dentry).jumpIf('r9', '==', 0, done);
  asm.load(64, 'r1', 'fp', SLOT.mount);
  readPointer(asm, 'r1', 'r1', layout.vfsmount.root);
  asm.jumpIf('r1', '!=', 'r9', name);
  // The root of a mount: go on where it is mounted, or end where it is mounted on itself.
  asm.load(64, 'r9', 'fp', SLOT.mount).alu('sub', 'r9', layout.mount.inner);
  readPointer(asm, 'r1', 'r9', layout.mount.parent);
  asm.jumpIf('r1', '==', 'r9', done);
  asm.store(64, 'fp', SLOT.mount, 'r1');
  readPointer(asm, 'r1', 'r9', layout.mount.point);
  asm.load(64, 'r2', 'fp', SLOT.mount).add('r2', layout.mount.inner).jump(step);

  asm.label(name);
  readPointer(asm, 'r3', 'r9', layout.dentry.name);
  appendName(asm, done, cut);
  readPointer(asm, 'r1', 'r9', layout.dentry.parent);
  asm.jumpIf('r1', '==', 'r9', done);
  asm.load(64, 'r2', 'fp', SLOT.mount);

  // Both ways meet with the same shape of state, so that the verifier follows one of them and not two to the 64th.
  asm.label(step).store(64, 'fp', SLOT.dentry, 'r1').store(64, 'fp', SLOT.mount, 'r2');
  rereadUsed(asm, end);
  countDepth(asm, next, cut);
  asm.label(done);
  rereadUsed(asm, end);
}

type Labels = [string, string, string, string];

/**
 * The path in the unified hierarchy or, of a process at its root, in one of the old ones. Read at this moment, for the
 * directory may be gone a moment later.
 */
export function walkCgroup(asm: Assembler, { task, cgroup }: KernelLayout): void {
  const [next, done] = ['next', 'done'].map((label) => asm.uniqueLabel(label)) as [string, string];
  follow(asm, 'r9', 'r6', [task.cgroups, cgroup.group, cgroup.node]);
  if (cgroup.legacy !== undefined) {
    const unified = asm.uniqueLabel('unified');
    readPointer(asm, 'r1', 'r9', cgroup.parent);
    asm.jumpIf('r1', '!=', 0, unified);
    follow(asm, 'r9', 'r6', [task.cgroups, cgroup.legacy, cgroup.ofState, cgroup.node]);
    asm.label(unified);
  }
  asm.store(64, 'fp', SLOT.depth, 0);
  asm.store(64, 'fp', SLOT.dentry, 'r9').label(next);
  asm.load(64, 'r9', 'fp', SLOT.dentry).jumpIf('r9', '==', 0, done);
  readPointer(asm, 'r1', 'r9', cgroup.parent);
  asm.store(64, 'fp', SLOT.dentry, 'r1').jumpIf('r1', '==', 0, done); // the root has no name
  readPointer(asm, 'r3', 'r9', cgroup.name);
  appendName(asm, done, FLAG.cgroupCut);
  rereadUsed(asm, RECORD.cgroupEnd);
  countDepth(asm, next, FLAG.cgroupCut);
  asm.label(done);
  rereadUsed(asm, RECORD.cgroupEnd);
}

/** Appends the string r3 points to and moves r8 behind it; goes to `full`, marked, where there is no room. */
function appendName(asm: Assembler, full: string, cut: number): void {
  const truncated = asm.uniqueLabel('truncated');
  const room = asm.uniqueLabel('room');
  asm.mov('r1', 'r7').add('r1', RECORD.variable).add('r1', 'r8').mov('r2', COMPONENT_BYTES_MAX);
  asm.call('probeReadKernelString').jumpIf('r0', 'signed<=', 0, truncated);
  asm.add('r8', 'r0').jumpIf('r8', '<=', PATHS_BYTES_MAX, room);
  asm.mov('r8', PATHS_BYTES_MAX).label(truncated);
  setFlag(asm, cut);
  asm.jump(full).label(room);
}

function countDepth(asm: Assembler, next: string, cut: number): void {
  asm.load(64, 'r1', 'fp', SLOT.depth).add('r1', 1).store(64, 'fp', SLOT.depth, 'r1');
  asm.jumpIf('r1', '<', PATH_DEPTH_MAX, next);
  setFlag(asm, cut);
}

/** Writes r8 to the record and reads it back: the verifier then sees one range for it, not one for each way through. */
function rereadUsed(asm: Assembler, end: number): void {
  asm.store(32, 'r7', end, 'r8').load(32, 'r8', 'r7', end).jumpIf('r8', '>', PATHS_BYTES_MAX, 'end');
}
