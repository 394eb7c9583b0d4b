// What this process may do to this host. Root in a container may often do little of it, whatever its number.
import { existsSync, readFileSync } from 'node:fs';
import { BpfError, closeAll, loadProgram, prepareBpf } from '../../agent/src/kernel/bpf.ts';
import { Assembler } from '../../agent/src/kernel/bpf-assembler.ts';

/** Numbers of include/uapi/linux/capability.h. */
const CAPABILITIES = { setgid: 6, setuid: 7, setpcap: 8, net_admin: 12, sys_ptrace: 19, sys_admin: 21 } as const;

/** Whether it has all of these capabilities (capabilities(7)). */
export function may(...wanted: (keyof typeof CAPABILITIES)[]): boolean {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]}`);
  return wanted.every((name) => (effective >> BigInt(CAPABILITIES[name])) & 1n);
}

/** Whether the kernel takes our eBPF programs. It is tried: a filter of system calls may forbid it where rights would not. */
export function canLoadBpf(): boolean {
  if (!existsSync('/sys/kernel/btf/vmlinux')) return false;
  try {
    prepareBpf();
    closeAll([loadProgram('probe', new Assembler().mov('r0', 0).exit().assemble())]);
    return true;
  } catch (error) {
    if (error instanceof BpfError) return false;
    throw error;
  }
}
