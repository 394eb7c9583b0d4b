import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Outcome } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { encodedText, parseAuditLine } from '../../agent/src/sensors/process/audit-line.ts';
import { parseAuditStream } from '../../agent/src/sensors/process/audit-records.ts';

// Records of real hosts and what another parser reads in them. Not part of this repository.
const samples = join(import.meta.dirname, '../../../shared/data/go-libaudit');
const here = existsSync(samples);

interface Golden {
  test_name: string;
  event: {
    record_type: string;
    sequence: number;
    result?: string;
    process?: { pid?: string; ppid?: string; name?: string; exe?: string; cwd?: string; args?: string[] };
    user?: { ids?: { uid?: string } };
    data?: { acct?: string };
  };
}

interface GoldenRecord {
  raw_msg: string;
  data?: Record<string, string>;
}

function filesIn(folder: string, ending: string): string[] {
  if (!here) return [];
  return readdirSync(join(samples, folder)).filter((name) => name.endsWith(ending));
}

function parseText(text: string) {
  const stream = parseAuditStream();
  return [...text.split('\n').flatMap((line, index) => stream.push(line.trim(), index + 1)), ...stream.end()];
}

describe.skipIf(!here)('audit records of real hosts (needs shared/data/go-libaudit)', () => {
  test.each(filesIn('aucoalesce/testdata', '.yaml'))(
    '%s: execs and logins are read as the golden events say',
    (name) => {
      const file = join(samples, 'aucoalesce/testdata', name);
      const inputs = (parse(readFileSync(file, 'utf8')) as { tests: Record<string, string> }).tests;
      const golden = JSON.parse(readFileSync(file.replace(/\.yaml$/, '.json.golden'), 'utf8')) as Golden[];
      for (const { test_name, event } of golden) {
        const { process, record_type } = event;
        if (!process?.args && !/^user_(login|auth|acct|end|cmd|chauthtok)$/.test(record_type)) continue;
        const [found, ...more] = parseText(inputs[test_name]!);
        expect(more, test_name).toEqual([]);
        expect(found?.event.process?.pid, test_name).toBe(Number(process?.pid));
        if (process?.exe) expect(found?.event.process?.executable, test_name).toBe(process.exe);
        expect(found?.event.outcome, test_name).toBe(event.result === 'success' ? Outcome.SUCCESS : Outcome.FAILURE);
        if (process?.args) {
          expect(found?.event.process, test_name).toMatchObject({ args: process.args, name: process.name });
          if (process.cwd) expect(found?.event.process?.workingDirectory, test_name).toBe(process.cwd);
          expect(found?.event.user?.id, test_name).toBe(Number(event.user?.ids?.uid));
        }
      }
    },
  );

  test('names and arguments are decoded as in the golden records', () => {
    let compared = 0;
    for (const file of filesIn('auparse/testdata', '.log').map((name) => join(samples, 'auparse/testdata', name))) {
      const golden = JSON.parse(readFileSync(`${file}.golden`, 'utf8')) as (GoldenRecord | null)[];
      const known = new Map(golden.map((record) => [record?.raw_msg, record?.data]));
      for (const line of readFileSync(file, 'utf8').split('\n')) {
        const record = parseAuditLine(line);
        const data = known.get(line.slice(line.indexOf('msg=') + 4));
        const keys = ['exe', 'comm', 'cwd', 'acct', 'cmd', ...(record?.type === 'EXECVE' ? ['a0', 'a1', 'a2'] : [])];
        for (const key of keys) {
          if (!record || data?.[key] === undefined) continue;
          expect(encodedText(record, key), `${line} ${key}`).toBe(data[key]);
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(50);
  });

  test('records out of order and records lost are joined as far as they are there', () => {
    const events = ['normal', 'out_of_order'].map((name) => {
      const found = parseText(readFileSync(join(samples, 'testdata', `${name}.log`), 'utf8'));
      return found
        .filter(({ event }) => event.process?.args)
        .map(({ event }) => event.process?.args?.join(' '))
        .sort();
    });
    expect(events[0]?.length).toBeGreaterThan(0);
    expect(events[1]).toEqual(events[0]);
    expect(() => parseText(readFileSync(join(samples, 'testdata/lost_messages.log'), 'utf8'))).not.toThrow();
  });
});
