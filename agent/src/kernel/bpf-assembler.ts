// Writes BPF instructions (Documentation/bpf/standardization/instruction-set.rst, RFC 9669), little-endian.
// Each is eight bytes: opcode, registers (source high, destination low), 16-bit offset, 32-bit immediate.

type AssemblerErrorCode = 'unknown_label' | 'label_twice' | 'jump_too_far' | 'out_of_range';

/** A program that cannot be encoded: a mistake in the program, never in its input. */
export class AssemblerError extends Error {
  override readonly name = 'AssemblerError';
  readonly code: AssemblerErrorCode;

  constructor(code: AssemblerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const REGISTERS = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'fp'] as const;
export type Register = (typeof REGISTERS)[number];
export type Operand = Register | number;
export type Width = 8 | 16 | 32 | 64;

// Section 3: instruction classes; section 4.1: arithmetic; 4.3: jumps; 5: loads and stores.
const CLASS = { LD: 0x00, LDX: 0x01, ST: 0x02, STX: 0x03, JMP: 0x05, ALU64: 0x07 } as const;
const SOURCE_REGISTER = 0x08;
const ARITHMETIC = { add: 0x00, sub: 0x10, mul: 0x20, or: 0x40, and: 0x50, lsh: 0x60, rsh: 0x70, mov: 0xb0 } as const;
const CONDITIONS = {
  '==': 0x10,
  '>': 0x20,
  '>=': 0x30,
  '!=': 0x50,
  'signed>': 0x60,
  '<': 0xa0,
  '<=': 0xb0,
  'signed<': 0xc0,
  'signed<=': 0xd0,
} as const;
const JUMP_ALWAYS = 0x00;
const CALL = 0x80;
const EXIT = 0x90;
const SIZES: Record<Width, number> = { 32: 0x00, 16: 0x08, 8: 0x10, 64: 0x18 };
const MODE_IMMEDIATE_64 = 0x00;
const MODE_MEMORY = 0x60;
const MODE_ATOMIC = 0xc0;
const ATOMIC_ADD = 0x00;
/** Source register of a 64-bit immediate that is a map's descriptor (section 5.4). */
const PSEUDO_MAP_FD = 1;

/** Kernel functions by number (include/uapi/linux/bpf.h). */
const HELPERS = {
  mapLookup: 1,
  mapUpdate: 2,
  cpu: 8,
  pidAndTgid: 14,
  uidAndGid: 15,
  comm: 16,
  currentTask: 35,
  probeReadUser: 112,
  probeReadKernel: 113,
  probeReadKernelString: 115,
  bootNs: 125,
  ringOutput: 130,
  ringReserve: 131,
  ringSubmit: 132,
} as const;
export type HelperName = keyof typeof HELPERS;

const JUMP_MAX = 0x7fff;

/** Collects instructions; jumps name labels, which may stand before or after them. */
export class Assembler {
  #instructions: Buffer[] = [];
  #labels = new Map<string, number>();
  #jumps: { at: number; label: string }[] = [];
  #names = 0;

  /** `dst = dst <operation> operand`, 64 bits wide; `mov` copies. */
  alu(operation: keyof typeof ARITHMETIC, dst: Register, operand: Operand): this {
    const opcode = CLASS.ALU64 | ARITHMETIC[operation];
    return typeof operand === 'number'
      ? this.#emit(opcode, dst, 'r0', 0, operand)
      : this.#emit(opcode | SOURCE_REGISTER, dst, operand, 0, 0);
  }

  mov(dst: Register, operand: Operand): this {
    return this.alu('mov', dst, operand);
  }

  add(dst: Register, operand: Operand): this {
    return this.alu('add', dst, operand);
  }

  /** `dst = *(base + offset)`, zero-extended. */
  load(width: Width, dst: Register, base: Register, offset: number): this {
    return this.#emit(CLASS.LDX | SIZES[width] | MODE_MEMORY, dst, base, offset, 0);
  }

  /** `*(base + offset) = operand`. */
  store(width: Width, base: Register, offset: number, operand: Operand): this {
    return typeof operand === 'number'
      ? this.#emit(CLASS.ST | SIZES[width] | MODE_MEMORY, base, 'r0', offset, operand)
      : this.#emit(CLASS.STX | SIZES[width] | MODE_MEMORY, base, operand, offset, 0);
  }

  /** `*(base + offset) += source`, whole for other processors. */
  atomicAdd(base: Register, offset: number, source: Register): this {
    return this.#emit(CLASS.STX | SIZES[64] | MODE_ATOMIC, base, source, offset, ATOMIC_ADD);
  }

  /** `dst = the map behind this descriptor`; the verifier replaces it by an address. */
  loadMap(dst: Register, mapFd: number): this {
    this.#write(CLASS.LD | SIZES[64] | MODE_IMMEDIATE_64, REGISTERS.indexOf(dst) | (PSEUDO_MAP_FD << 4), 0, mapFd);
    return this.#write(0, 0, 0, 0);
  }

  label(name: string): this {
    if (this.#labels.has(name)) throw new AssemblerError('label_twice', `label ${name} stands twice`);
    this.#labels.set(name, this.#instructions.length);
    return this;
  }

  /** A label no other call has returned, for a piece of program that is written several times. */
  uniqueLabel(name: string): string {
    return `${name}#${this.#names++}`;
  }

  jump(label: string): this {
    this.#jumps.push({ at: this.#instructions.length, label });
    return this.#emit(CLASS.JMP | JUMP_ALWAYS, 'r0', 'r0', 0, 0);
  }

  /** Jumps where `left <condition> right`; unsigned unless the condition says otherwise. */
  jumpIf(left: Register, condition: keyof typeof CONDITIONS, right: Operand, label: string): this {
    this.#jumps.push({ at: this.#instructions.length, label });
    const opcode = CLASS.JMP | CONDITIONS[condition];
    return typeof right === 'number'
      ? this.#emit(opcode, left, 'r0', 0, right)
      : this.#emit(opcode | SOURCE_REGISTER, left, right, 0, 0);
  }

  /** Arguments stand in r1 to r5, the result in r0; r1 to r5 are lost. */
  call(helper: HelperName): this {
    return this.#emit(CLASS.JMP | CALL, 'r0', 'r0', 0, HELPERS[helper]);
  }

  exit(): this {
    return this.#emit(CLASS.JMP | EXIT, 'r0', 'r0', 0, 0);
  }

  /** The program's bytes, every jump resolved. */
  assemble(): Buffer {
    for (const { at, label } of this.#jumps) {
      const target = this.#labels.get(label);
      if (target === undefined) throw new AssemblerError('unknown_label', `no label ${label}`);
      const distance = target - at - 1;
      if (Math.abs(distance) > JUMP_MAX)
        throw new AssemblerError('jump_too_far', `${label} is ${distance} instructions away, at most ${JUMP_MAX}`);
      this.#instructions[at]!.writeInt16LE(distance, 2);
    }
    return Buffer.concat(this.#instructions);
  }

  #emit(opcode: number, dst: Register, src: Register, offset: number, immediate: number): this {
    return this.#write(opcode, REGISTERS.indexOf(dst) | (REGISTERS.indexOf(src) << 4), offset, immediate);
  }

  #write(opcode: number, registers: number, offset: number, immediate: number): this {
    if (offset !== (offset << 16) >> 16) throw new AssemblerError('out_of_range', `offset ${offset} is not 16 bits`);
    if (immediate !== (immediate | 0)) throw new AssemblerError('out_of_range', `${immediate} is not 32 bits`);
    const bytes = Buffer.alloc(8);
    bytes.writeUInt8(opcode, 0);
    bytes.writeUInt8(registers, 1);
    bytes.writeInt16LE(offset, 2);
    bytes.writeInt32LE(immediate, 4);
    this.#instructions.push(bytes);
    return this;
  }
}
