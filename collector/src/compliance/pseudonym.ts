import type { HostEvent } from '@threatguard/proto';

/** A function that puts `pseudonym` in the place of a name wherever it stands as a word of its own. */
export function renaming(name: string, pseudonym: string): (text: string) => string {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const word = new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, 'gu');
  return (text) => text.replace(word, () => pseudonym);
}

/** The event under another name: every text of it, and without the numbers that stand for the person. */
export function renamePerson(event: HostEvent, name: string, rename: (text: string) => string): HostEvent {
  const renamed = renameTexts(event, rename);
  const { user, targetUser, process } = renamed;
  const own = event.user?.name === name;
  return {
    ...renamed,
    user: user && own ? { ...user, id: undefined } : user,
    targetUser: targetUser && event.targetUser?.name === name ? { ...targetUser, id: undefined } : targetUser,
    process: process && own ? { ...process, loginUid: undefined } : process,
  };
}

function renameTexts<T>(value: T, rename: (text: string) => string): T {
  if (typeof value === 'string') return rename(value) as T;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((each) => renameTexts(each, rename)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, renameTexts(each, rename)])) as T;
}
