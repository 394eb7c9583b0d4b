// A program as it is installed, under one directory:
//   bin/node  <workspace>/ ...  node_modules/ (packages of others as they lie here, and links to our workspaces)
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { NpmPackage } from './dependency-closure.ts';
import { eraseTypes, nameJavaScript } from './erase-types.ts';
import { LIBRARY, type PackagePlan, type Part } from './plan.ts';
import { runTool } from './run-tool.ts';

/** Read by people and compilers, not by programs. Licences stand in the package's copyright file. */
const NOT_FOR_RUNNING =
  /\.(d\.[cm]?ts|[cm]?tsx?|map|md|markdown|flow|html|sh|tsbuildinfo)$|(^|\/)bin\.m?js$|(^|\/)build\/bin\/|(^|\/)(licen[cs]e|copying|notice|changelog|authors|history|makefile)[^/]*$|(^|\/)\.[^/]+$/i;

/** Parts of packages that no program of ours reaches, by package: sources of binaries, builds for browsers and other systems. */
const UNUSED_FOLDERS: Record<string, RegExp> = {
  koffi: /^(vendor|doc|lib)(\/|$)|\.(c|cc|cpp|h|hh|hpp|S|asm|inc|def|txt)$|^cnoke\.cjs$/,
  '@koromix/koffi-linux-x64': /^musl_/,
  '@koromix/koffi-linux-arm64': /^musl_/,
  // Two modules of WebAssembly of some 100, each with all parameter sets of its family, and not its command line.
  '@openforge-sh/liboqs': /^(src\/cli|bin)(\/|$)|^dist\/(?!ml-dsa-65\.min\.js$|ml-kem-768\.min\.js$)./,
  // Of its libraries for four systems, the one for this.
  'onnxruntime-node': new RegExp(`^script(/|$)|^bin/napi-v\\d+/(?!linux(/${process.arch}(/|$)|$))`),
  protobufjs: /^(dist|cli|scripts|tests?|bench)(\/|$)/,
  zod: /^src(\/|$)/,
};
const UNUSED_ANYWHERE = /^(tests?|__tests__|examples?|docs?|benchmarks?|coverage)(\/|$)/;

export interface ProgramParts {
  root: string;
  part: Part;
  plan: PackagePlan;
  packages: NpmPackage[];
  /** The version that goes into our package.json files. */
  version: string;
  /** Where it is made; becomes /usr/lib/threatguard/PART. */
  directory: string;
}

export function stageProgram({ root, part, plan, packages, version, directory }: ProgramParts): void {
  stageNode(root, join(directory, 'bin', 'node'));
  for (const workspace of plan.workspaces) stageWorkspace(join(root, workspace), join(directory, workspace), version);
  for (const found of packages) stagePackage(found, join(directory, relative(root, found.directory)));
  const ours = join(directory, 'node_modules', '@threatguard');
  mkdirSync(ours, { recursive: true });
  for (const workspace of plan.workspaces) symlinkSync(`../../${workspace}`, join(ours, workspace));
  for (const [name, place] of Object.entries(plan.elsewhere)) {
    const from = join(LIBRARY, part, 'node_modules', '@threatguard');
    symlinkSync(relative(from, join(LIBRARY, place)), join(directory, 'node_modules', name));
  }
}

/** Debugging symbols are a fifth of it, and of no use to anybody without Node's sources. */
function stageNode(root: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  runTool('strip', ['--strip-all', '-o', to, join(root, 'node_modules', 'node', 'bin', 'node')], {
    debianPackage: 'binutils',
  });
  chmodSync(to, 0o755);
}

function stageWorkspace(from: string, to: string, version: string): void {
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as Record<string, unknown>;
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, 'package.json'), nameJavaScript(`${JSON.stringify({ ...manifest, version }, null, 2)}\n`));
  for (const folder of ['bin', 'src', 'rules']) {
    if (!existsSync(join(from, folder))) continue;
    for (const entry of readdirSync(join(from, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.endsWith('.d.ts')) continue;
      const source = join(entry.parentPath, entry.name);
      const target = join(to, relative(from, source));
      mkdirSync(dirname(target), { recursive: true });
      if (source.endsWith('.ts'))
        writeFileSync(target.replace(/\.ts$/, '.js'), eraseTypes(readFileSync(source, 'utf8')));
      else if (folder === 'bin')
        writeFileSync(target, nameJavaScript(readFileSync(source, 'utf8').replace(/^#!.*/, '')));
      else copyFileSync(source, target);
    }
  }
}

function stagePackage(found: NpmPackage, to: string): void {
  const unused = UNUSED_FOLDERS[found.name];
  cpSync(found.directory, to, {
    recursive: true,
    filter(source) {
      const path = relative(found.directory, source);
      // What it has in its own node_modules is a package of its own, and comes where it is needed.
      if (path === 'node_modules' || path.startsWith('node_modules/')) return false;
      return !(NOT_FOR_RUNNING.test(path) || UNUSED_ANYWHERE.test(path) || unused?.test(path));
    },
  });
}
