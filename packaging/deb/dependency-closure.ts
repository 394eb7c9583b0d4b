// Which npm packages a program of ours needs at run time: its dependencies and theirs, as they lie in node_modules.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PackageError } from './package-error.ts';

export interface NpmPackage {
  name: string;
  version: string;
  /** As its package.json states it; a SPDX expression, or empty. */
  license: string;
  directory: string;
}

interface Manifest {
  version?: string;
  license?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Types only, or what onnxruntime-node's install step downloads with: nothing of them is needed at run time. */
const NOT_AT_RUN_TIME = /^(@types\/.*|undici-types|type-fest|tagged-tag|adm-zip|global-agent)$/;

/**
 * Packages of others that `workspace` needs, by directory. Our own workspaces in between are followed but not named,
 * except those in `without`, which are left out with all that only they need. Optional ones that are not installed (of
 * other processors) are left out; a missing other one is a PackageError.
 */
export function dependencyClosure(root: string, workspace: string, without: readonly string[]): NpmPackage[] {
  const found = new Map<string, NpmPackage>();
  const seen = new Set<string>();
  const open = [join(root, workspace)];
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    const { dependencies = {}, optionalDependencies = {} } = readManifest(from);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (NOT_AT_RUN_TIME.test(name) || without.includes(name)) continue;
      const directory = locate(root, from, name);
      if (!directory) {
        if (name in optionalDependencies) continue;
        throw new PackageError('dependency_missing', `${name}, which ${from} needs, is not installed; run: npm ci`);
      }
      if (seen.has(directory)) continue;
      seen.add(directory);
      open.push(directory);
      if (name.startsWith('@threatguard/')) continue;
      const { version = '', license = '' } = readManifest(directory);
      found.set(directory, { name, version, license, directory });
    }
  }
  return [...found.values()].sort((a, b) => (a.directory < b.directory ? -1 : 1));
}

/** As Node looks: in node_modules beside the package that asks, then in those above it. */
function locate(root: string, from: string, name: string): string | undefined {
  for (let place = from; place.length >= root.length; place = dirname(place)) {
    const directory = join(place, 'node_modules', name);
    if (existsSync(join(directory, 'package.json'))) return directory;
  }
  return undefined;
}

function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}
