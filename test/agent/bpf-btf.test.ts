import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BtfError, parseBtf } from '../../agent/src/kernel/btf.ts';

const KERNEL_BTF = '/sys/kernel/btf/vmlinux';
const hasBtf = existsSync(KERNEL_BTF);
const BPFTOOL = 'bpftool';
const hasBpftool = spawnSync(BPFTOOL, ['version']).status === 0;

/** Type information of two structs: `point { int x; union { int y; int z; }; int flag : 3; }` and `box { point corner; }`. */
function smallBtf(): Buffer {
  const strings = Buffer.from('\0int\0point\0x\0y\0z\0flag\0box\0corner\0colour\0red\0blue\0', 'latin1');
  const name = (text: string) => strings.indexOf(`\0${text}\0`, 0, 'latin1') + 1;
  const words = [
    [name('int'), 1 << 24, 4, 32], // 1: int
    [0, (5 << 24) | 2, 4, name('y'), 1, 0, name('z'), 1, 0], // 2: anonymous union
    [name('point'), (4 << 24) | 3 | (1 << 31), 12, name('x'), 1, 0, 0, 2, 32, name('flag'), 1, (3 << 24) | 64], // 3
    [0, 10 << 24, 3], // 4: const point
    [name('box'), (4 << 24) | 1, 16, name('corner'), 4, 32], // 5
    [name('colour'), (6 << 24) | 2, 4, name('red'), 0, name('blue'), -7], // 6
  ].flat();
  const types = Buffer.from(Int32Array.from(words).buffer);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  header.writeUInt32LE(24, 4);
  header.writeUInt32LE(types.length, 12);
  header.writeUInt32LE(types.length, 16);
  header.writeUInt32LE(strings.length, 20);
  return Buffer.concat([header, types, strings]);
}

describe('offsets from type information', () => {
  const btf = parseBtf(smallBtf());

  test('a field, a field of an anonymous union, a field of a nested struct behind const', () => {
    expect(btf.offsetOf('point', 'x')).toBe(0);
    expect(btf.offsetOf('point', 'z')).toBe(4);
    expect(btf.offsetOf('box', 'corner')).toBe(4);
    expect(btf.offsetOf('box', 'corner.y')).toBe(8);
    expect(btf.findOffset('point', 'w')).toBeUndefined();
  });

  test('a constant has its number, and one that is not there none', () => {
    expect(btf.findConstant('colour', 'blue')).toBe(-7);
    expect(btf.findConstant('colour', 'green')).toBeUndefined();
    expect(btf.findConstant('shape', 'red')).toBeUndefined();
  });

  test.each([
    {
      says: 'a field that is not there',
      run: () => btf.offsetOf('point', 'w'),
      code: 'missing_field',
      words: /point.*w/,
    },
    { says: 'a struct that is not there', run: () => btf.offsetOf('line', 'x'), code: 'missing_struct', words: /line/ },
    { says: 'a bitfield', run: () => btf.offsetOf('point', 'flag'), code: 'bitfield', words: /flag/ },
    { says: 'bytes that are none', run: () => parseBtf(Buffer.alloc(64)), code: 'malformed', words: /not BTF/ },
    { says: 'no bytes', run: () => parseBtf(Buffer.alloc(0)), code: 'malformed', words: /not BTF/ },
    {
      says: 'a file cut short',
      run: () => parseBtf(smallBtf().subarray(0, 60)),
      code: 'malformed',
      words: /cut short/,
    },
    {
      says: 'a kind that is newer than this program',
      run: () => {
        const bytes = smallBtf();
        bytes.writeUInt8(31, 24 + 7);
        return parseBtf(bytes);
      },
      code: 'malformed',
      words: /kind 31/,
    },
  ])('refuses $says', ({ run, code, words }) => {
    expect(run).toThrow(BtfError);
    expect(run).toThrow(expect.objectContaining({ code, message: expect.stringMatching(words) }));
  });
});

describe.skipIf(!hasBtf || !hasBpftool)('offsets of the running kernel (needs BTF and bpftool)', () => {
  test('are those bpftool prints for every field of task_struct, dentry and sock_common', () => {
    const btf = parseBtf(readFileSync(KERNEL_BTF));
    const dump = execFileSync(BPFTOOL, ['btf', 'dump', 'file', KERNEL_BTF, 'format', 'raw'], {
      encoding: 'latin1',
      maxBuffer: 256 * 1024 * 1024,
    });
    for (const struct of ['task_struct', 'dentry', 'sock_common']) {
      const text = dump.split(`STRUCT '${struct}' `)[1]!.split('\n[')[0]!;
      const fields = [...text.matchAll(/\t'(\w+)' type_id=\d+ bits_offset=(\d+)(?! bitfield_size)\b/g)];
      expect(fields.length).toBeGreaterThan(5);
      for (const [, name, bits] of fields) {
        if (Number(bits) % 8 !== 0) continue;
        expect(`${struct}.${name} ${btf.offsetOf(struct, name!)}`).toBe(`${struct}.${name} ${Number(bits) / 8}`);
      }
    }
  });
});
