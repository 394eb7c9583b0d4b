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
  /** Looks: what is resident, in MiB, and how long it has worked, in ms. */
  test.each([
    [
      'not below the aim',
      [
        [60, 0],
        [71, 5_000],
      ],
      [],
    ],
    [
      'after the start',
      [
        [90, 900],
        [76, 920],
      ],
      [0],
    ],
    [
      'not again while it rests',
      [
        [90, 900],
        [76, 920],
        [76, 940],
        [79, 960],
        [79, 980],
      ],
      [0],
    ],
    [
      'when it has worked since',
      [
        [90, 900],
        [76, 920],
        [76, 1_140],
        [76, 1_150],
        [76, 1_170],
        [76, 1_400],
      ],
      [0, 3, 5],
    ],
    [
      'when it has grown since, from where it was found at the look after',
      [
        [90, 900],
        [76, 920],
        [80, 925],
        [78, 930],
        [81, 935],
      ],
      [0, 2],
    ],
    [
      'growth that does not go away is not tried for ever',
      [
        [90, 900],
        [90, 940],
        [94, 980],
        [94, 1_020],
        [94, 1_060],
      ],
      [0, 2],
    ],
  ])('%s', (_, looks, released) => {
    const choice = new ReleaseChoice();
    const due = looks.flatMap(([mib, cpuMs], look) => (choice.isDue(mib! * MIB, cpuMs!) ? [look] : []));
    expect(due).toEqual(released);
  });
});
