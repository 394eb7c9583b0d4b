import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below a directory, sorted, links as links: `readdir` with `recursive` would go through them. */
export function entriesBelow(directory: string): { path: string; entry: Dirent }[] {
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    return [{ path, entry }, ...(entry.isDirectory() ? entriesBelow(path) : [])];
  });
}
