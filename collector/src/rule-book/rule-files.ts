// Which rules a collector runs: those of its pack and those that were imported, some of them in the place of rules of the pack.
import { relative } from 'node:path';
import type { RuleFile } from '../detect/rules/load.ts';
import type { ImportedRuleFile } from '../store/rule-store.ts';

/** What the names of files begin with, so that nothing imported passes for the pack. */
const PACK = 'rules/';
const IMPORTED = 'imported/';

/** A file as people know it: its name where it stands alone, or as rules are listed with it. */
export function importedName(name: string): string {
  return name.startsWith(IMPORTED) ? name.slice(IMPORTED.length) : name;
}

export function listedName(imported: Pick<ImportedRuleFile, 'name'>): string {
  return `${IMPORTED}${imported.name}`;
}

export function isImported(listed: string): boolean {
  return listed.startsWith(IMPORTED);
}

/** As the files of the pack are listed; they are read with their path. */
export function packName(directory: string, path: string): string {
  return `${PACK}${relative(directory, path)}`;
}

/** The pack without what others stand in the place of, then what was imported, by name. */
export function effectiveFiles(
  pack: readonly RuleFile[],
  imported: readonly Pick<ImportedRuleFile, 'name' | 'text' | 'overrides'>[],
): RuleFile[] {
  const without = [...new Set(imported.flatMap(({ overrides }) => overrides))];
  const files = imported.map((file) => ({ name: listedName(file), text: file.text }));
  return [...pack.map((file) => (without.length > 0 ? { ...file, without } : file)), ...files];
}
