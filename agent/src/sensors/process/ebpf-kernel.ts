import { readKernelBtf } from '../../kernel/bpf-programs.ts';
import { type CallLayout, callLayout } from './ebpf-calls.ts';
import { type KernelLayout, kernelLayout, missingFields } from './ebpf-layout.ts';

/** What the programs must know of the running kernel. */
interface Kernel {
  layout: KernelLayout;
  calls: CallLayout | undefined;
  /** Fields of an event that its structures do not have, by ECS name. */
  missing: string[];
}

let known: Kernel | undefined;

/**
 * Reads it once for all sensors: the kernel's types are 6 MiB and take a tenth of a second, what is kept of them is a few
 * numbers. Throws BpfError or BtfError where the kernel does not say.
 */
export function describeKernel(): Kernel {
  if (!known) {
    const btf = readKernelBtf();
    known = { layout: kernelLayout(btf), calls: callLayout(btf, process.arch), missing: missingFields(btf) };
  }
  return known;
}
