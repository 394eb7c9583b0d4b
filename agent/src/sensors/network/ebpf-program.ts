// The kernel programs of the network sensor. Two run at every change of a TCP socket's state: one in the process that
// connects or listens, which says everything about that process, and one that may interrupt it and says little. A third
// runs as accept(2) returns, for only there is it known who takes a connection that came in.
import { Assembler } from '../../kernel/bpf-assembler.ts';
import { ACTOR_ARGS_BYTES_MAX, type CallLayout } from '../process/ebpf-calls.ts';
import type { KernelLayout } from '../process/ebpf-layout.ts';
import {
  beginRecord,
  countLoss,
  finishRecord,
  type ProgramMaps,
  writeProcess,
  writeSocket,
} from '../process/ebpf-pieces.ts';
import { follow, readKernel, readPointer, SLOT } from '../process/ebpf-reads.ts';
import { KIND, RECORD } from '../process/ebpf-record.ts';
import { STATE } from './ebpf-state.ts';
import { TCP } from './tcp-state.ts';

const IPPROTO_TCP = 6;
/** Places on the stack. */
const OWN = { socket: SLOT.own - 8, state: SLOT.own - 16 } as const;

/** For the raw tracepoint `inet_sock_set_state(sk, old, new)`: a process begins to connect, or to listen. */
export function assembleSocketProgram(layout: KernelLayout, maps: ProgramMaps): Assembler {
  const asm = new Assembler();
  asm.load(64, 'r9', 'r1', 0).load(64, 'r8', 'r1', 16);
  asm.jumpIf('r8', '==', TCP.synSent, 'begins').jumpIf('r8', '!=', TCP.listen, 'end').label('begins');
  writeSocketRecord(asm, layout, maps);
  return asm.label('end').mov('r0', 0).exit();
}

/** For the raw tracepoint `sys_exit`: a process has taken a connection. */
export function assembleAcceptProgram(layout: KernelLayout, calls: CallLayout, maps: ProgramMaps): Assembler {
  const asm = new Assembler();
  asm.load(64, 'r9', 'r1', 0).load(64, 'r8', 'r1', 8).jumpIf('r8', 'signed<', 0, 'end');
  readPointer(asm, 'r9', 'r9', calls.number);
  for (const call of calls.accept) asm.jumpIf('r9', '==', call, 'accepted');
  asm.jump('end').label('accepted').call('currentTask').mov('r9', 'r0');
  follow(asm, 'r9', 'r9', [layout.task.files, layout.files.table, layout.files.list]);
  asm.alu('lsh', 'r8', 3).add('r9', 'r8');
  follow(asm, 'r9', 'r9', [0, layout.file.data, layout.socket.sock]);
  asm.mov('r8', TCP.established);
  writeSocketRecord(asm, layout, maps);
  return asm.label('end').mov('r0', 0).exit();
}

/** The socket at r9 and what happens to it, in r8, with the process that runs. */
function writeSocketRecord(asm: Assembler, layout: KernelLayout, maps: ProgramMaps): void {
  asm.store(64, 'fp', OWN.socket, 'r9').store(64, 'fp', OWN.state, 'r8');
  leaveUnlessTcp(asm, layout);
  beginRecord(asm, maps);
  writeProcess(asm, layout, KIND.socket);
  asm.load(64, 'r9', 'fp', OWN.socket).store(64, 'r7', RECORD.socketKey, 'r9');
  asm.load(64, 'r1', 'fp', OWN.state).store(32, 'r7', RECORD.socketState, 'r1');
  writeSocket(asm, layout, 'r9', RECORD.sockets);
  finishRecord(asm, layout, maps, ACTOR_ARGS_BYTES_MAX);
}

/** For the raw tracepoint `inet_sock_set_state(sk, old, new)`: a connection is there, or is no more. */
export function assembleStateProgram(layout: KernelLayout, maps: Omit<ProgramMaps, 'scratchFd'>): Assembler {
  const asm = new Assembler();
  asm.load(64, 'r9', 'r1', 0).load(64, 'r6', 'r1', 8).load(64, 'r8', 'r1', 16);
  asm.jumpIf('r8', '==', TCP.established, 'tells').jumpIf('r8', '!=', TCP.close, 'end').label('tells');
  leaveUnlessTcp(asm, layout);
  asm.loadMap('r1', maps.ringFd).mov('r2', STATE.bytes).mov('r3', 0).call('ringReserve');
  asm.jumpIf('r0', '==', 0, 'full').mov('r7', 'r0');
  for (let offset = 0; offset < STATE.bytes; offset += 8) asm.store(64, 'r7', offset, 0);
  asm.store(32, 'r7', STATE.kind, KIND.socketState).call('bootNs').store(64, 'r7', STATE.bootNs, 'r0');
  asm.store(64, 'r7', STATE.key, 'r9').store(32, 'r7', STATE.before, 'r6').store(32, 'r7', STATE.now, 'r8');
  writeSocket(asm, layout, 'r9', STATE.ends);
  const copy = (at: number, bytes: number, offset: number) =>
    readKernel(asm, { to: 'r7', at, bytes, from: 'r9', offset });
  copy(STATE.cookie, 8, layout.socket.cookie);
  copy(STATE.flags, 8, layout.socket.flags);
  copy(STATE.userId, 4, layout.socket.userId);
  copy(STATE.sourcePort, 2, layout.socket.sourcePort);
  copy(STATE.bytesSent, 8, layout.tcp.bytesSent);
  copy(STATE.bytesSentAgain, 8, layout.tcp.bytesSentAgain);
  copy(STATE.bytesReceived, 8, layout.tcp.bytesReceived);
  asm.mov('r1', 'r7').mov('r2', 0).call('ringSubmit').jump('end').label('full');
  countLoss(asm, maps);
  return asm.label('end').mov('r0', 0).exit();
}

/** The tracepoint is hit by SCTP and others, too, and accept(2) by sockets of every kind. */
function leaveUnlessTcp(asm: Assembler, { socket }: KernelLayout): void {
  asm.store(64, 'fp', SLOT.value, 0);
  readKernel(asm, { to: 'fp', at: SLOT.value, bytes: 2, from: 'r9', offset: socket.protocol });
  asm.load(64, 'r1', 'fp', SLOT.value).jumpIf('r1', '!=', IPPROTO_TCP, 'end');
}
