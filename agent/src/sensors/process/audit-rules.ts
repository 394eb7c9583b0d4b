// Rules as the kernel takes them: struct audit_rule_data (linux/audit.h).
//   flags, action, field_count, mask[64], fields[64], values[64], fieldflags[64], buflen, buf

import { callsOf } from './audit-calls.ts';
import { AuditError } from './audit-error.ts';

/** Every rule of ours carries it; no rule without it is touched. */
export const AUDIT_KEY = 'threatguard';

const [EXIT, ALWAYS] = [4, 2];
const FIELD = { arch: 11, success: 104, watch: 105, permission: 106, directory: 107, key: 210 } as const;
/** Fields whose value is the length of a text in `buf`: security labels, watch, directory, key, exe. */
const isText = (field: number) =>
  (field >= 13 && field <= 17) || (field >= 19 && field <= 23) || [105, 107, 112, 210].includes(field);
const EQUAL = 0x4000_0000;
const WORDS = 3 + 4 * 64 + 1;
const AT = { mask: 3, fields: 67, values: 131, flags: 195, length: 259 } as const;
/** AUDIT_PERM_WRITE and AUDIT_PERM_ATTR. */
const WRITE_OR_ATTRIBUTES = 2 | 8;
/** PATH_MAX: a longer path is refused by the kernel. */
const PATH_BYTES_MAX = 4096;

type Field = readonly [number, number | string];

/** `-a always,exit -F arch=... -S execve,execveat -F success=1 -k KEY`, for 64-bit and 32-bit processes. */
export function encodeExecRules(architecture: NodeJS.Architecture, key: string): Uint8Array[] {
  const rows = callsOf(architecture, ['exec']);
  if (rows.length === 0)
    throw new AuditError('architecture', `audit rules for ${architecture} processors are not known`);
  return rows.map(({ arch, calls }) =>
    encodeRule(
      [
        [FIELD.arch, arch],
        [FIELD.success, 1],
        [FIELD.key, key],
      ],
      calls,
    ),
  );
}

/** `-w PATH -p wa -k KEY`: whoever writes a file, replaces it, or gives it another owner or mode. */
export function encodeFileWatch(path: string, key: string): Uint8Array {
  return encodeRule(
    [
      [FIELD.watch, checkPath(path)],
      [FIELD.permission, WRITE_OR_ATTRIBUTES],
      [FIELD.key, key],
    ],
    'all',
  );
}

/**
 * The same for a directory and everything below it, for 64-bit and 32-bit processes. The kernel asks such a rule at the end
 * of every system call that its mask has, so the mask has only those that can change a file.
 */
export function encodeDirectoryWatch(architecture: NodeJS.Architecture, path: string, key: string): Uint8Array[] {
  return callsOf(architecture, ['open', 'openat', 'write', 'attributes', 'names']).map(({ arch, calls }) =>
    encodeRule(
      [
        [FIELD.arch, arch],
        [FIELD.permission, WRITE_OR_ATTRIBUTES],
        [FIELD.directory, checkPath(path)],
        [FIELD.key, key],
      ],
      calls,
    ),
  );
}

function checkPath(path: string): string {
  if (Buffer.byteLength(path) >= PATH_BYTES_MAX) throw new AuditError('refused', 'the path is too long for a rule');
  return path;
}

function encodeRule(fields: readonly Field[], calls: readonly number[] | 'all'): Uint8Array {
  const words = new Uint32Array(WORDS);
  words.set([EXIT, ALWAYS, fields.length]);
  if (calls === 'all') words.fill(0xffff_ffff, AT.mask, AT.fields);
  else for (const call of calls) words[AT.mask + (call >>> 5)]! |= 1 << (call & 31);
  const texts: Buffer[] = [];
  for (const [index, [field, value]] of fields.entries()) {
    words[AT.fields + index] = field;
    words[AT.flags + index] = EQUAL;
    if (typeof value === 'string') texts.push(Buffer.from(value));
    words[AT.values + index] = typeof value === 'string' ? texts.at(-1)!.length : value;
  }
  const text = Buffer.concat(texts);
  words[AT.length] = text.length;
  return Buffer.concat([Buffer.from(words.buffer), text]);
}

/** The key of a rule as the kernel lists it; empty where it has none, or is no rule. */
export function keyOfRule(rule: Uint8Array): string {
  if (rule.length < WORDS * 4) return '';
  const view = new DataView(rule.buffer, rule.byteOffset, rule.byteLength);
  const word = (index: number) => view.getUint32(index * 4, true);
  let at = WORDS * 4;
  for (let index = 0; index < Math.min(word(2), 64); index++) {
    const field = word(AT.fields + index);
    if (!isText(field)) continue;
    const length = word(AT.values + index);
    if (field === FIELD.key) return Buffer.from(rule.subarray(at, at + length)).toString();
    at += length;
  }
  return '';
}
