import { describe, expect, test } from 'vitest';
import { Assembler, AssemblerError } from '../../agent/src/kernel/bpf-assembler.ts';

// Expected bytes follow the tables of Documentation/bpf/standardization/instruction-set.rst (RFC 9669) by hand:
// opcode, registers (source << 4 | destination), offset, immediate; all little-endian.
const ENCODINGS: { says: string; write(asm: Assembler): Assembler; bytes: string }[] = [
  { says: 'r1 = r2', write: (asm) => asm.mov('r1', 'r2'), bytes: 'bf 21 0000 00000000' },
  { says: 'r0 = 5', write: (asm) => asm.mov('r0', 5), bytes: 'b7 00 0000 05000000' },
  { says: 'r3 += -24', write: (asm) => asm.add('r3', -24), bytes: '07 03 0000 e8ffffff' },
  { says: 'r9 -= r1', write: (asm) => asm.alu('sub', 'r9', 'r1'), bytes: '1f 19 0000 00000000' },
  { says: 'r2 &= 0xfff', write: (asm) => asm.alu('and', 'r2', 0xfff), bytes: '57 02 0000 ff0f0000' },
  { says: 'r2 |= 1', write: (asm) => asm.alu('or', 'r2', 1), bytes: '47 02 0000 01000000' },
  { says: 'r0 >>= 32', write: (asm) => asm.alu('rsh', 'r0', 32), bytes: '77 00 0000 20000000' },
  { says: 'r0 <<= 3', write: (asm) => asm.alu('lsh', 'r0', 3), bytes: '67 00 0000 03000000' },
  { says: 'r2 = *(u64 *)(r1 + 8)', write: (asm) => asm.load(64, 'r2', 'r1', 8), bytes: '79 12 0800 00000000' },
  { says: 'r2 = *(u32 *)(fp - 4)', write: (asm) => asm.load(32, 'r2', 'fp', -4), bytes: '61 a2 fcff 00000000' },
  { says: '*(u32 *)(fp - 4) = r0', write: (asm) => asm.store(32, 'fp', -4, 'r0'), bytes: '63 0a fcff 00000000' },
  { says: '*(u16 *)(r7 + 2) = r1', write: (asm) => asm.store(16, 'r7', 2, 'r1'), bytes: '6b 17 0200 00000000' },
  { says: '*(u8 *)(r7 + 2) = 9', write: (asm) => asm.store(8, 'r7', 2, 9), bytes: '72 07 0200 09000000' },
  { says: '*(u64 *)(r7 + 0) = 0', write: (asm) => asm.store(64, 'r7', 0, 0), bytes: '7a 07 0000 00000000' },
  {
    says: 'lock *(u64 *)(r9 + 0) += r1',
    write: (asm) => asm.atomicAdd('r9', 0, 'r1'),
    bytes: 'db 19 0000 00000000',
  },
  { says: 'r1 = map 7', write: (asm) => asm.loadMap('r1', 7), bytes: '18 11 0000 07000000 00 00 0000 00000000' },
  { says: 'call bpf_probe_read_kernel', write: (asm) => asm.call('probeReadKernel'), bytes: '85 00 0000 71000000' },
  { says: 'exit', write: (asm) => asm.exit(), bytes: '95 00 0000 00000000' },
  {
    says: 'a jump forward counts from the instruction after it',
    write: (asm) => asm.jumpIf('r0', '==', 0, 'end').mov('r0', 1).label('end'),
    bytes: '15 00 0100 00000000 b7 00 0000 01000000',
  },
  {
    says: 'a jump back is negative',
    write: (asm) => asm.label('again').mov('r0', 1).jumpIf('r1', '<', 'r2', 'again'),
    bytes: 'b7 00 0000 01000000 ad 21 feff 00000000',
  },
  {
    says: 'signed conditions and a jump without one',
    write: (asm) =>
      asm.jumpIf('r0', 'signed<=', 0, 'end').jumpIf('r1', 'signed>', 'r2', 'end').jump('end').label('end'),
    bytes: 'd5 00 0200 00000000 6d 21 0100 00000000 05 00 0000 00000000',
  },
];

describe('the assembler writes the encodings of the instruction set', () => {
  test.each(ENCODINGS)('$says', ({ write, bytes }) => {
    expect(write(new Assembler()).assemble().toString('hex')).toBe(bytes.replaceAll(' ', ''));
  });
});

const REFUSALS: { says: string; code: string; write(asm: Assembler): unknown }[] = [
  { says: 'a label that stands nowhere', code: 'unknown_label', write: (asm) => asm.jump('nowhere').assemble() },
  { says: 'a label that stands twice', code: 'label_twice', write: (asm) => asm.label('a').label('a') },
  { says: 'an offset of more than 16 bits', code: 'out_of_range', write: (asm) => asm.load(64, 'r1', 'r2', 40_000) },
  { says: 'an immediate of more than 32 bits', code: 'out_of_range', write: (asm) => asm.mov('r1', 2 ** 33) },
  {
    says: 'a jump further than 16 bits reach',
    code: 'jump_too_far',
    write(asm) {
      asm.jump('end');
      for (let i = 0; i < 33_000; i++) asm.exit();
      return asm.label('end').assemble();
    },
  },
];

describe('the assembler refuses', () => {
  test.each(REFUSALS)('$says', ({ write, code }) => {
    const refused = expect(() => write(new Assembler()));
    refused.toThrow(AssemblerError);
    refused.toThrow(expect.objectContaining({ code }));
  });
});
