// What sequences are of, and their tokens. A token is 53 bits of its text (hash-text.ts); the text is kept for those who read.
import { hashText } from '../hash-text.ts';

/** Logons and privileges of a user on a host; and there, or where no user is known on the host, who started which program. */
export const FAMILIES = ['login', 'program'] as const;
export type Family = (typeof FAMILIES)[number];
export const LOGIN = 0;
export const PROGRAM = 1;

export interface Token {
  text: string;
  hash: number;
}

function token(text: string): Token {
  return { text, hash: hashText(text) };
}

/** Networks as they are to the account: which they are differs for everybody, and is nobody's business years later. */
export const LOGON = {
  local: token('logon'),
  known: token('logon from a known network'),
  fresh: token('logon from a new network'),
} as const;
export const FAILED = {
  local: token('failed logon'),
  known: token('failed logon from a known network'),
  fresh: token('failed logon from a new network'),
} as const;
export const PRIVILEGE = token('use of sudo, su or doas');

/** With whom a sequence begins: accounts every host has are known by name, all others are people, programs of nobody the host's. */
const WHO = new Map<string, Token>();
export const PERSON = token('a person');
export const NOBODY = token('the host');

/** Of an account every host has; the same for the same name. */
export function localAccount(name: string): Token {
  const known = WHO.get(name) ?? token(name);
  // Only names of a list of ours come here, so that there are few.
  WHO.set(name, known);
  return known;
}
