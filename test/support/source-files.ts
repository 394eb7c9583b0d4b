import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  path: string;
  text: string;
  /** Specifiers of static and dynamic imports and of import.meta.resolve, as written; type-only ones too. */
  imports: string[];
}

const IMPORT =
  /(?:^|[\s;])(?:import|export)\s[^'"()]*?from\s*'([^']+)'|(?<!['\w:])import\s*\(?\s*'([^']+)'|^import\s+'([^']+)'/gm;

/** Every TypeScript file of a workspace's src, generated code left out. */
export function sourceFiles(workspace: 'proto' | 'agent' | 'collector' | 'console'): SourceFile[] {
  return readdirSync(join(ROOT, workspace, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.endsWith('/gen'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, 'utf8');
      const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3]!);
      return { path: relative(ROOT, file), text, imports };
    });
}

/** The npm package of a bare specifier: "@scope/name/sub" -> "@scope/name"; undefined for relative and node: ones. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
