// The pieces our kernel programs are made of. They follow pointers of the kernel with offsets from its own BTF, fill a
// record (ebpf-record.ts) in a scratch area that is this processor's and this program's own, and copy as much of it as is
// used into the ring. What finds no room in the ring is counted in the loss map.
//
// Registers: r6 the task, r7 the record, r8 bytes used in its variable part, r9 for the moment; the stack as in SLOT.
import type { Assembler, Register } from '../../kernel/bpf-assembler.ts';
import { LOSS } from '../../kernel/bpf-programs.ts';
import type { KernelLayout } from './ebpf-layout.ts';
import { FLAG, NAME_BYTES, PATH_DEPTH_MAX, PATHS_BYTES_MAX, RECORD, SOCKET, STDIO_COUNT } from './ebpf-record.ts';

/** Descriptors of the maps a program writes to. */
export interface ProgramMaps {
  ringFd: number;
  scratchFd: number;
  lossFd: number;
}

/** Longest name in a directory with its NUL (NAME_MAX of limits.h). */
const COMPONENT_BYTES_MAX = 256;

/** Bytes of a scratch area: the fixed part, all paths with room for one component more, and so many of arguments. */
export const scratchBytes = (argsBytesMax: number) =>
  RECORD.variable + PATHS_BYTES_MAX + COMPONENT_BYTES_MAX + argsBytesMax;

/** Places on the stack, below the frame pointer; a program's own are below `own`. */
export const SLOT = { key: -8, value: -16, dentry: -24, mount: -32, depth: -40, argsStart: -48, own: -48 } as const;
const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;

/** Puts the running task into r6 and this processor's scratch area into r7, or goes to `end`. */
export function beginRecord(asm: Assembler, maps: ProgramMaps): void {
  asm.call('currentTask').mov('r6', 'r0');
  asm.call('cpu').store(32, 'fp', SLOT.key, 'r0');
  asm.loadMap('r1', maps.scratchFd).mov('r2', 'fp').add('r2', SLOT.key).call('mapLookup');
  asm.jumpIf('r0', '==', 0, 'end').mov('r7', 'r0');
}

/** Fills the fixed part with everything about the process at r6 but its standard streams. */
export function writeProcess(asm: Assembler, layout: KernelLayout, kind: number): void {
  writeCommon(asm, layout, kind, RECORD.variable);
  readKernel(asm, { to: 'r7', at: RECORD.parentName, bytes: NAME_BYTES, from: 'r9', offset: layout.task.name });
  readKernel(asm, { to: 'r7', at: RECORD.parentStartBootNs, bytes: 8, from: 'r9', offset: layout.task.start });
  follow(asm, 'r9', 'r9', [layout.task.parent, layout.task.leader]);
  readKernel(asm, { to: 'r7', at: RECORD.grandparentPid, bytes: 4, from: 'r9', offset: layout.task.tgid });
  readKernel(asm, { to: 'r7', at: RECORD.grandparentStartBootNs, bytes: 8, from: 'r9', offset: layout.task.start });
  readPointer(asm, 'r9', 'r6', layout.task.credentials);
  writeCredentials(asm, layout);
  writeAudit(asm, layout);
  writeTty(asm, layout);
}

/** Effective user, group and capabilities of the `struct cred` at r9. */
function writeCredentials(asm: Assembler, { credentials }: KernelLayout): void {
  const copy = (at: number, bytes: number, offset: number) =>
    readKernel(asm, { to: 'r7', at, bytes, from: 'r9', offset });
  copy(RECORD.effectiveUserId, 4, credentials.effectiveUserId);
  copy(RECORD.effectiveGroupId, 4, credentials.effectiveGroupId);
  copy(RECORD.capabilities, 8, credentials.capabilities);
}

/** Appends paths and arguments, and hands the record over. The program goes on at `end` where it must give up. */
export function finishRecord(asm: Assembler, layout: KernelLayout, maps: ProgramMaps, argsBytesMax: number): void {
  asm.mov('r8', 0);
  follow(asm, 'r9', 'r6', [layout.task.mm, layout.mm.file]);
  markApart(asm, layout);
  walkPath(asm, layout, { path: layout.file.path, end: RECORD.executableEnd, cut: FLAG.executableCut });
  follow(asm, 'r9', 'r6', [layout.task.mm, layout.mm.file, layout.file.inode]);
  writeInode(asm, layout);
  follow(asm, 'r9', 'r6', [layout.task.fs]);
  walkPath(asm, layout, { path: layout.fs.directory, end: RECORD.workingDirectoryEnd, cut: FLAG.workingDirectoryCut });
  follow(asm, 'r9', 'r6', [layout.task.parent, layout.task.mm, layout.mm.file]);
  walkPath(asm, layout, { path: layout.file.path, end: RECORD.parentExecutableEnd, cut: FLAG.parentExecutableCut });
  walkCgroup(asm, layout);
  writeArgs(asm, layout, argsBytesMax);

  asm.loadMap('r1', maps.ringFd).mov('r2', 'r7').mov('r3', 'r8').add('r3', 'r9').add('r3', RECORD.variable);
  asm.mov('r4', 0).call('ringOutput');
  asm.jumpIf('r0', '==', 0, 'end');
  countLoss(asm, maps);
}

/** A memfd's entry is its own parent, and not the root of any mount: it was never in a directory. */
function markApart(asm: Assembler, { file, path, dentry, vfsmount }: KernelLayout): void {
  const inTree = asm.uniqueLabel('in-tree');
  readPointer(asm, 'r8', 'r9', file.path + path.dentry);
  asm.jumpIf('r8', '==', 0, inTree);
  readPointer(asm, 'r1', 'r8', dentry.parent);
  asm.jumpIf('r1', '!=', 'r8', inTree);
  follow(asm, 'r1', 'r9', [file.path + path.mount, vfsmount.root]);
  asm.jumpIf('r1', '==', 'r8', inTree);
  setFlag(asm, FLAG.executableApart);
  asm.label(inTree).mov('r8', 0);
}

function writeInode(asm: Assembler, { inode, filesystem }: KernelLayout): void {
  const copy = (at: number, bytes: number, offset: number) =>
    readKernel(asm, { to: 'r7', at, bytes, from: 'r9', offset });
  copy(RECORD.executableLinks, 4, inode.links);
  copy(RECORD.inode, 8, inode.number);
  copy(RECORD.sizeBytes, 8, inode.sizeBytes);
  copy(RECORD.modifiedS, 8, inode.modified);
  copy(RECORD.modifiedNs, 4, inode.modifiedNs);
  copy(RECORD.changedS, 8, inode.changed);
  copy(RECORD.changedNs, 4, inode.changedNs);
  readPointer(asm, 'r9', 'r9', inode.filesystem);
  copy(RECORD.device, 4, filesystem.device);
}

/** Clears the fixed part and writes what every record has. Leaves the parent in r9. */
export function writeCommon(asm: Assembler, layout: KernelLayout, kind: number, bytes: number): void {
  for (let offset = 0; offset < bytes; offset += 8) asm.store(64, 'r7', offset, 0);
  asm.store(32, 'r7', RECORD.kind, kind);
  asm.call('bootNs').store(64, 'r7', RECORD.bootNs, 'r0');
  asm.call('pidAndTgid').alu('rsh', 'r0', 32).store(32, 'r7', RECORD.pid, 'r0');
  asm.call('uidAndGid').store(32, 'r7', RECORD.userId, 'r0').alu('rsh', 'r0', 32);
  asm.store(32, 'r7', RECORD.groupId, 'r0');
  asm.mov('r1', 'r7').add('r1', RECORD.name).mov('r2', NAME_BYTES).call('comm');
  // Any thread may act, or have forked this one; a process is known by its first.
  readPointer(asm, 'r9', 'r6', layout.task.leader);
  readKernel(asm, { to: 'r7', at: RECORD.startBootNs, bytes: 8, from: 'r9', offset: layout.task.start });
  follow(asm, 'r9', 'r6', [layout.task.parent, layout.task.leader]);
  readKernel(asm, { to: 'r7', at: RECORD.parentPid, bytes: 4, from: 'r9', offset: layout.task.tgid });
}

function writeAudit(asm: Assembler, { task }: KernelLayout): void {
  if (task.loginUserId !== undefined)
    readKernel(asm, { to: 'r7', at: RECORD.loginUserId, bytes: 4, from: 'r6', offset: task.loginUserId });
  if (task.sessionId !== undefined)
    readKernel(asm, { to: 'r7', at: RECORD.sessionId, bytes: 4, from: 'r6', offset: task.sessionId });
}

function writeTty(asm: Assembler, layout: KernelLayout): void {
  const none = asm.uniqueLabel('no-tty');
  follow(asm, 'r9', 'r6', [layout.task.signal, layout.signal.tty]);
  asm.jumpIf('r9', '==', 0, none);
  readKernel(asm, { to: 'r7', at: RECORD.tty, bytes: NAME_BYTES, from: 'r9', offset: layout.tty.name });
  asm.label(none);
}

/** Whether each standard stream is a socket and, if so, both its ends: what makes a remote shell visible at exec. */
export function writeStdio(asm: Assembler, layout: KernelLayout): void {
  const { task, files, file, inode } = layout;
  for (let descriptor = 0; descriptor < STDIO_COUNT; descriptor++) {
    const done = asm.uniqueLabel('stdio-done');
    const base = RECORD.sockets + descriptor * SOCKET.bytes;
    // A table of descriptors never has fewer than 64 entries.
    follow(asm, 'r9', 'r6', [task.files, files.table, files.list, descriptor * 8]);
    asm.jumpIf('r9', '==', 0, done);
    readPointer(asm, 'r8', 'r9', file.inode);
    asm.store(64, 'fp', SLOT.value, 0);
    readKernel(asm, { to: 'fp', at: SLOT.value, bytes: 2, from: 'r8', offset: inode.mode });
    asm.load(64, 'r1', 'fp', SLOT.value).alu('and', 'r1', S_IFMT).jumpIf('r1', '!=', S_IFSOCK, done);
    asm.store(64, 'r7', base + SOCKET.isSocket, 1);
    follow(asm, 'r9', 'r9', [file.data, layout.socket.sock]);
    asm.jumpIf('r9', '==', 0, done);
    writeSocket(asm, layout, 'r9', base);
    asm.label(done);
  }
}

/** Family, addresses and ports of the `struct sock` at this register, to `base` of the record. */
export function writeSocket(asm: Assembler, { socket }: KernelLayout, from: Register, base: number): void {
  const copy = (at: number, bytes: number, offset: number | undefined) => {
    if (offset !== undefined) readKernel(asm, { to: 'r7', at: base + at, bytes, from, offset });
  };
  copy(SOCKET.family, 2, socket.family);
  copy(SOCKET.localPort, 2, socket.localPort);
  copy(SOCKET.remotePort, 2, socket.remotePort);
  copy(SOCKET.remoteV4, 4, socket.remoteV4);
  copy(SOCKET.localV4, 4, socket.localV4);
  copy(SOCKET.remoteV6, 16, socket.remoteV6);
  copy(SOCKET.localV6, 16, socket.localV6);
}

/**
 * Appends the names from the `struct path` at r9 + `path` up to the root of its mount namespace, and writes at `end`
 * where they end. A file that was never in a directory (memfd) has one name.
 */
function walkPath(asm: Assembler, layout: KernelLayout, walk: { path: number; end: number; cut: number }): void {
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
function walkCgroup(asm: Assembler, { task, cgroup }: KernelLayout): void {
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

function setFlag(asm: Assembler, flag: number): void {
  asm.load(32, 'r1', 'r7', RECORD.flags).alu('or', 'r1', flag).store(32, 'r7', RECORD.flags, 'r1');
}

/** Appends the arguments and leaves their bytes in r9. */
function writeArgs(asm: Assembler, { task, mm }: KernelLayout, argsBytesMax: number): void {
  readPointer(asm, 'r9', 'r6', task.mm);
  readKernel(asm, { to: 'fp', at: SLOT.argsStart, bytes: 8, from: 'r9', offset: mm.start });
  readPointer(asm, 'r9', 'r9', mm.end);
  asm.load(64, 'r3', 'fp', SLOT.argsStart).alu('sub', 'r9', 'r3').store(32, 'r7', RECORD.argsBytes, 'r9');
  asm.jumpIf('r9', '<=', argsBytesMax, 'args-fit').mov('r9', argsBytesMax).label('args-fit');
  asm.mov('r1', 'r7').add('r1', RECORD.variable).add('r1', 'r8').mov('r2', 'r9').call('probeReadUser');
  asm.jumpIf('r0', '==', 0, 'args-read').mov('r9', 0);
  setFlag(asm, FLAG.argsUnreadable);
  asm.label('args-read');
}

export function countLoss(asm: Assembler, maps: Pick<ProgramMaps, 'lossFd'>): void {
  asm.store(32, 'fp', SLOT.key, 0);
  asm.loadMap('r1', maps.lossFd).mov('r2', 'fp').add('r2', SLOT.key).call('mapLookup');
  asm.jumpIf('r0', '==', 0, 'end').mov('r9', 'r0');
  asm.mov('r1', 1).atomicAdd('r9', LOSS.count, 'r1');
  asm.call('bootNs').store(64, 'r9', LOSS.lastBootNs, 'r0');
}

/** `dst` = the pointer reached from `base` by following each offset in turn; 0 where one of them cannot be read. */
export function follow(asm: Assembler, dst: Register, base: Register, offsets: number[]): void {
  let from = base;
  for (const offset of offsets) {
    readPointer(asm, dst, from, offset);
    from = dst;
  }
}

export function readPointer(asm: Assembler, dst: Register, base: Register, offset: number): void {
  readKernel(asm, { to: 'fp', at: SLOT.value, bytes: 8, from: base, offset });
  asm.load(64, dst, 'fp', SLOT.value);
}

/** Copies kernel memory to a register's target; what cannot be read becomes zeros (bpf_probe_read_kernel). */
export function readKernel(
  asm: Assembler,
  { to, at, bytes, from, offset }: { to: Register; at: number; bytes: number; from: Register; offset: number },
): void {
  asm.mov('r3', from).add('r3', offset).mov('r1', to).add('r1', at).mov('r2', bytes).call('probeReadKernel');
}
