// How the watched files stood when the agent last ran, so that what changed since is found at the start.
//
// Form: one JSON value a line. The first is a header; each other one file. Texts are kept for the account files alone.
import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { Snapshot } from './snapshot.ts';

export interface Baseline {
  /** What was watched, as `watchKey` names it: a file that was not is no news. */
  watched: Set<string>;
  files: Map<string, Snapshot>;
}

/** Twenty thousand files with long paths. */
const BYTES_MAX = 32 * 1024 * 1024;

type Row = [string, Snapshot['kind'], string, number, number, number, number, string, string, string | null];

/** Undefined where there is none yet, or none that can be read: then this start is the first. */
export function readBaseline(path: string): Baseline | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > BYTES_MAX) return undefined;
    const [head = '', ...lines] = text.split('\n');
    const { version, watched } = JSON.parse(head) as { version?: unknown; watched?: unknown };
    if (version !== 1 || !Array.isArray(watched)) return undefined;
    const files = new Map<string, Snapshot>();
    for (const line of lines) {
      if (line === '') continue;
      const [file, kind, seen, size, mode, ownerId, groupId, sha256, link, account] = JSON.parse(line) as Row;
      const snapshot = {
        version: seen,
        kind,
        size,
        mode,
        ownerId,
        groupId,
        sha256,
        readable: true,
        link,
        text: account,
      };
      files.set(file, snapshot);
    }
    return { watched: new Set(watched.map(String)), files };
  } catch {
    return undefined; // no file, or a damaged one: the same as a first start
  }
}

/** Replaces the file whole; 0600, since it names files that only root may list. */
export async function writeBaseline(
  path: string,
  { watched, files }: Baseline,
  keepsText: (file: string) => boolean,
): Promise<void> {
  const lines = [JSON.stringify({ version: 1, watched: [...watched] })];
  for (const [file, { kind, version, size, mode, ownerId, groupId, sha256, link, text }] of files) {
    const row: Row = [file, kind, version, size, mode, ownerId, groupId, sha256, link, keepsText(file) ? text : null];
    lines.push(JSON.stringify(row));
  }
  const handle = await open(`${path}.new`, 'w', 0o600);
  try {
    await handle.writeFile(`${lines.join('\n')}\n`);
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
}
