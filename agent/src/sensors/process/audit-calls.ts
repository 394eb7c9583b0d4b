// System calls by what they do to files, connections and processes; numbers of each architecture as audit writes it.
// `names` are calls that make, move or remove entries of a directory.
import { type AuditRecord, plainText } from './audit-line.ts';

export type CallKind = 'exec' | 'open' | 'openat' | 'write' | 'attributes' | 'names' | 'connect' | 'accept' | 'trace';
type Numbers = Partial<Record<CallKind, readonly number[]>>;

/** AUDIT_ARCH_* in hex: x86-64, i386, arm64, arm. */
const CALLS: Record<string, Numbers> = {
  c000003e: {
    exec: [59, 322],
    open: [2],
    openat: [257],
    write: [76, 77, 85, 437],
    attributes: [90, 91, 92, 93, 94, 188, 189, 190, 197, 198, 199, 260, 268, 452],
    names: [82, 83, 84, 86, 87, 88, 133, 258, 259, 263, 264, 265, 266, 316],
    connect: [42],
    accept: [43, 288],
    trace: [101, 311],
  },
  '40000003': {
    exec: [11, 358],
    open: [5],
    openat: [295],
    write: [8, 92, 93, 193, 194, 437],
    attributes: [15, 16, 94, 95, 182, 198, 207, 212, 226, 227, 228, 235, 236, 237, 298, 306, 452],
    names: [9, 10, 14, 38, 39, 40, 83, 296, 297, 301, 302, 303, 304, 353],
    connect: [362],
    accept: [364],
    trace: [26, 348],
  },
  c00000b7: {
    exec: [221, 281],
    openat: [56],
    write: [45, 46, 437],
    attributes: [5, 6, 7, 14, 15, 16, 52, 53, 54, 55, 452],
    names: [33, 34, 35, 36, 37, 38, 276],
    connect: [203],
    accept: [202, 242],
    trace: [117, 271],
  },
  '40000028': {
    exec: [11, 387],
    open: [5],
    openat: [322],
    write: [8, 92, 93, 193, 194, 437],
    attributes: [15, 16, 94, 95, 182, 198, 207, 212, 226, 227, 228, 235, 236, 237, 325, 333, 452],
    names: [9, 10, 14, 38, 39, 40, 83, 323, 324, 328, 329, 330, 331, 382],
    connect: [283],
    accept: [285, 366],
    trace: [26, 377],
  },
};

const kinds = new Map<string, CallKind>();
for (const [arch, calls] of Object.entries(CALLS))
  for (const [kind, numbers] of Object.entries(calls))
    for (const number of numbers) kinds.set(`${arch} ${number}`, kind as CallKind);

/** What the system call of a SYSCALL record does; undefined for one that is none of these, or of another architecture. */
export function callKind(call: AuditRecord): CallKind | undefined {
  return kinds.get(`${plainText(call, 'arch')} ${plainText(call, 'syscall')}`);
}

const ARCHES: Partial<Record<NodeJS.Architecture, string[]>> = {
  x64: ['c000003e', '40000003'],
  arm64: ['c00000b7', '40000028'],
};

/** The calls of these kinds, for each architecture that the processes of a host may have. */
export function callsOf(
  architecture: NodeJS.Architecture,
  wanted: readonly CallKind[],
): { arch: number; calls: number[] }[] {
  return (ARCHES[architecture] ?? []).map((arch) => ({
    arch: Number.parseInt(arch, 16),
    calls: wanted.flatMap((kind) => CALLS[arch]?.[kind] ?? []),
  }));
}
