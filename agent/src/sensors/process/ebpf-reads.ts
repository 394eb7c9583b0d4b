// How our kernel programs read the kernel's memory: every pointer may be stale, and what cannot be read becomes zeros.
import type { Assembler, Register } from '../../kernel/bpf-assembler.ts';
import { RECORD } from './ebpf-record.ts';

/** Places on the stack, below the frame pointer; a program's own are below `own`. */
export const SLOT = { key: -8, value: -16, dentry: -24, mount: -32, depth: -40, argsStart: -48, own: -48 } as const;

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

/** Marks the record at r7. */
export function setFlag(asm: Assembler, flag: number): void {
  asm.load(32, 'r1', 'r7', RECORD.flags).alu('or', 'r1', flag).store(32, 'r7', RECORD.flags, 'r1');
}
