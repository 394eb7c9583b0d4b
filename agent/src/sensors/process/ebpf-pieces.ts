// The pieces our kernel programs are made of. They follow pointers of the kernel with offsets from its own BTF, fill a
// record (ebpf-record.ts) in a scratch area that is this processor's and this program's own, and copy as much of it as is
// used into the ring. What finds no room in the ring is counted in the loss map.
//
// Registers: r6 the task, r7 the record, r8 bytes used in its variable part, r9 for the moment; the stack as in SLOT (ebpf-reads.ts).
import type { Assembler, Register } from '../../kernel/bpf-assembler.ts';
import { LOSS } from '../../kernel/bpf-programs.ts';
import type { KernelLayout } from './ebpf-layout.ts';
import { follow, readKernel, readPointer, SLOT, setFlag } from './ebpf-reads.ts';
import { FLAG, NAME_BYTES, PATHS_BYTES_MAX, RECORD, SOCKET, STDIO_COUNT } from './ebpf-record.ts';
import { COMPONENT_BYTES_MAX, walkCgroup, walkPath } from './ebpf-walk.ts';

/** Descriptors of the maps a program writes to. */
export interface ProgramMaps {
  ringFd: number;
  scratchFd: number;
  lossFd: number;
}

/** Bytes of a scratch area: the fixed part, all paths with room for one component more, and so many of arguments. */
export const scratchBytes = (argsBytesMax: number) =>
  RECORD.variable + PATHS_BYTES_MAX + COMPONENT_BYTES_MAX + argsBytesMax;

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
