import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { attachRawTracepoint, closeAll, createMap, loadProgram, prepareBpf } from '../../agent/src/kernel/bpf.ts';
import { Assembler } from '../../agent/src/kernel/bpf-assembler.ts';
import { canLoadBpf } from '../support/rights.ts';

const canLoad = canLoadBpf();

describe.skipIf(!canLoad)('programs the kernel does not take (needs eBPF)', () => {
  test("are refused with the verifier's own words", () => {
    prepareBpf();
    const readsAnUnsetRegister = new Assembler().mov('r0', 'r5').exit().assemble();
    expect(() => loadProgram('bad', readsAnUnsetRegister)).toThrow(
      expect.objectContaining({ code: 'verifier', message: expect.stringContaining('R5 !read_ok') }),
    );
    const leavesTheMap = new Assembler().mov('r1', 'fp').load(64, 'r0', 'r1', 8).exit().assemble();
    expect(() => loadProgram('bad', leavesTheMap)).toThrow(
      expect.objectContaining({ code: 'verifier', message: expect.stringMatching(/program bad: .*stack/) }),
    );
  });

  test('a tracepoint and a ring that do not exist are refused by name', () => {
    const descriptors = [loadProgram('good', new Assembler().mov('r0', 0).exit().assemble())];
    expect(() => attachRawTracepoint('no_such_tracepoint', descriptors[0]!)).toThrow(/no_such_tracepoint/);
    expect(() => createMap({ type: 'ring', entriesMax: 1000 })).toThrow(/ring map.*Linux 5\.8/);
    closeAll(descriptors);
    expect(descriptors).toEqual([]);
  });
});

const BPFTOOL = 'bpftool';
const hasBpftool = spawnSync(BPFTOOL, ['version']).status === 0;

describe.skipIf(!canLoad || !hasBpftool)('a program in the kernel (needs eBPF and bpftool)', () => {
  test('reads back as what was written, instruction by instruction', () => {
    prepareBpf();
    const mapFd = createMap({ type: 'lru', entriesMax: 4, keyBytes: 8, valueBytes: 8 });
    const program = new Assembler();
    program.load(64, 'r6', 'r1', 8).jumpIf('r6', '!=', 105, 'end').jumpIf('r6', 'signed<', 0, 'end');
    program.mov('r7', 'r6').alu('lsh', 'r7', 32).alu('rsh', 'r7', 30).alu('sub', 'r7', 'r6').alu('and', 'r7', 0xff);
    program.store(64, 'fp', -8, 'r7').store(32, 'fp', -16, 7).store(32, 'fp', -12, 0).load(16, 'r8', 'fp', -16);
    program.loadMap('r1', mapFd).mov('r2', 'fp').add('r2', -8).mov('r3', 'fp').add('r3', -16).mov('r4', 0);
    program.call('mapUpdate').call('currentTask').label('end').mov('r0', 0).exit();
    const descriptors = [mapFd, loadProgram('tg_readback', program.assemble())];
    // bpftool looks at the programs of other processes by their number, not by our descriptor.
    const info = readFileSync(`/proc/self/fdinfo/${descriptors[1]}`, 'utf8');
    const id = /^prog_id:\t(\d+)$/m.exec(info)?.[1] ?? '';
    const dump = execFileSync(BPFTOOL, ['prog', 'dump', 'xlated', 'id', id], { encoding: 'latin1' });
    const words = dump.split('\n').map((line) => line.replace(/^ *\d+: \(..\) /, '').trim());
    expect(words.slice(0, 12)).toEqual([
      'r6 = *(u64 *)(r1 +8)',
      'if r6 != 0x69 goto pc+19',
      'if r6 s< 0x0 goto pc+18',
      'r7 = r6',
      'r7 <<= 32',
      'r7 >>= 30',
      'r7 -= r6',
      'r7 &= 255',
      '*(u64 *)(r10 -8) = r7',
      '*(u32 *)(r10 -16) = 7',
      '*(u32 *)(r10 -12) = 0',
      'r8 = *(u16 *)(r10 -16)',
    ]);
    expect(dump).toMatch(/r1 = map\[id:\d+\]/);
    expect(words.filter((line) => line.startsWith('call '))).toHaveLength(2);
    expect(words.at(-2)).toBe('exit');
    closeAll(descriptors);
  });
});
