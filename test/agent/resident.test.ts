import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { droppableParts, ReleaseChoice } from '../../agent/src/governor/resident.ts';
import { ROOT } from '../support/source-files.ts';

const part = (header: string, anonymousKb: number) =>
  `${header}\nSize:  100 kB\nRss:  50 kB\nAnonymous:  ${anonymousKb} kB\nVmFlags: rd\n`;

describe('what of a program may be dropped', () => {
  test.each([
    ['code', '00400000-00500000 r-xp 00000000 08:01 1 /bin/node', 0, 1],
    ['constants', '00400000-00500000 r--p 00000000 08:01 1 /bin/node', 0, 1],
    ['code with a page of our own', '00400000-00500000 r-xp 00000000 08:01 1 /bin/node', 4, 0],
    ['data', '00400000-00500000 rw-p 00000000 08:01 1 /bin/node', 0, 0],
    ['a library', '00400000-00500000 r-xp 00000000 08:01 1 /lib/libc.so.6', 0, 0],
    ['a program that was replaced', '00400000-00500000 r-xp 00000000 08:01 1 /bin/node (deleted)', 0, 0],
    ['memory of no file', '00400000-00500000 r-xp 00000000 00:00 0', 0, 0],
  ])('%s', (_, header, anonymousKb, parts) => {
    expect(droppableParts(part(header, anonymousKb), '/bin/node')).toHaveLength(parts);
  });

  test('of this very process something is found, and what is dropped comes back', () => {
    expect(droppableParts(readFileSync('/proc/self/smaps', 'utf8'), process.execPath).length).toBeGreaterThan(0);
    const code = `
      const { dropPages, trimHeap } = await import('${ROOT}/agent/src/kernel/memory.ts');
      const { droppableParts } = await import('${ROOT}/agent/src/governor/resident.ts');
      const { readFileSync } = await import('node:fs');
      const before = process.memoryUsage.rss();
      trimHeap();
      for (const { start, bytes } of droppableParts(readFileSync('/proc/self/smaps', 'utf8'), process.execPath)) dropPages(start, bytes);
      console.log(before - process.memoryUsage.rss());`;
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(Number(stdout)).toBeGreaterThan(5 * 1024 * 1024);
  });
});

describe('when memory is given back', () => {
  const MIB = 1024 * 1024;
  test.each([
    ['below the aim there is nothing to do', [60, 70, 71], []],
    ['above it once; what is left is needed', [90, 78, 78, 78, 79, 80], [0]],
    ['again when it has grown since', [90, 78, 79, 81, 78, 78, 84], [0, 3, 6]],
    ['after a fall below what was needed the next growth counts from there', [100, 90, 60, 93, 74, 77], [0, 3, 5]],
    ['growth that does not go away is not tried for ever', [90, 90, 90, 95, 95, 95], [0, 3]],
  ])('%s', (_, residentMiB, released) => {
    const choice = new ReleaseChoice();
    const due = residentMiB.flatMap((mib, look) => (choice.isDue(mib * MIB) ? [look] : []));
    expect(due).toEqual(released);
  });
});
