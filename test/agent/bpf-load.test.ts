import { describe, expect, test } from 'vitest';
import { attachRawTracepoint, closeAll, createMap, loadProgram, prepareBpf } from '../../agent/src/kernel/bpf.ts';
import { Assembler } from '../../agent/src/kernel/bpf-assembler.ts';

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('programs the kernel does not take (needs root)', () => {
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
