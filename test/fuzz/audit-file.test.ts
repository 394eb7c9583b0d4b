import fc from 'fast-check';
import { expect, it } from 'vitest';
import { beginLine, entryLine, verifyAuditLines } from '../../console/src/model/audit-file.ts';
import { ConsoleError } from '../../console/src/model/console-error.ts';

async function* each(lines: readonly string[]): AsyncIterable<string> {
  yield* lines;
}

/** What a hostile file becomes: a problem that is named, or no export at all. */
async function judge(lines: readonly string[]): Promise<string> {
  try {
    const { problem } = await verifyAuditLines(each(lines), []);
    return problem?.what ?? 'intact';
  } catch (error) {
    if (error instanceof ConsoleError) return error.code;
    throw error;
  }
}

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const number = fc.oneof(fc.nat(5), fc.constantFrom(-1, 2 ** 53, Number.NaN));
const entry = fc.record({ sequence: number, atUs: number, action: fc.string(), subject: fc.string(), digest });

it('an export of an audit log that nobody wrote is never found to be intact', async () => {
  const lines = fc.tuple(
    fc.record({ headSequence: fc.integer({ min: 1, max: 9 }), headDigest: digest }),
    fc.array(entry),
  );
  const property = fc.asyncProperty(lines, async ([head, entries]) => {
    const text = [beginLine({ ...head, anchorDigest: new Uint8Array(32) }, ''), ...entries.map(entryLine)];
    expect(['missing', 'altered', 'unreadable']).toContain(await judge(text));
  });
  await fc.assert(property, { seed: 20, numRuns: 300 });
});

it('lines of anything are refused as no export', async () => {
  const property = fc.asyncProperty(fc.array(fc.oneof(fc.string(), fc.json())), async (lines) => {
    expect(await judge(lines)).toBe('unreadable');
  });
  await fc.assert(property, { seed: 21, numRuns: 300 });
});
