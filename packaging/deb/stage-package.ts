// The whole tree of a package, as dpkg-deb takes it.
import { chmodSync, existsSync, lutimesSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { initialConfig } from '../../collector/src/initial-config.ts';
import { controlFile, md5sumsFile } from './control.ts';
import { copyrightFile } from './copyright.ts';
import { dependencyClosure } from './dependency-closure.ts';
import { debianChangelog, manualPage } from './documents.ts';
import { LIBRARY, PACKAGES, type Part } from './plan.ts';
import { runTool } from './run-tool.ts';
import { stageProgram } from './stage-program.ts';
import { entriesBelow } from './tree.ts';

const SCRIPTS = ['postinst', 'prerm', 'postrm'];
const EXECUTABLE = /^\/usr\/bin\/|\/bin\/node$|^\/DEBIAN\/p/;
const HELP_MS_MAX = 30_000;
/** Agents are on other hosts, and nobody without a certificate or a token gets anywhere: so it listens to all of them. */
const LISTEN = '0.0.0.0:7443';

export interface PackageParts {
  root: string;
  part: Part;
  version: string;
  architecture: string;
  /** `Name <address>`. */
  maintainer: string;
  /** Of every file in the package. */
  date: Date;
  /** An empty directory. */
  tree: string;
}

export function stagePackage({ root, part, version, architecture, maintainer, date, tree }: PackageParts): void {
  const plan = PACKAGES[part];
  const library = `${LIBRARY}/${part}`;
  const packages = dependencyClosure(root, part, Object.keys(plan.elsewhere));
  const source = (name: string) => join(root, 'packaging', part, name);
  const put = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
  };

  stageProgram({ root, part, plan, packages, version, directory: join(tree, library) });
  put(`/usr/bin/${plan.program}`, readFileSync(source('launcher.sh')));
  for (const path of plan.privateDirectories) mkdirSync(join(tree, path), { recursive: true });
  if (plan.config) {
    const text = part === 'collector' ? initialConfig(LISTEN) : readFileSync(source(plan.config.file), 'utf8');
    put(`/etc/threatguard/${plan.config.file}`, text);
    put('/DEBIAN/conffiles', `/etc/threatguard/${plan.config.file}\n`);
    symlinkSync(`/etc/threatguard/${plan.config.file}`, join(tree, plan.config.link));
  }
  const unit = `${plan.name}.service`;
  if (existsSync(source(unit))) put(`/lib/systemd/system/${unit}`, readFileSync(source(unit)));

  const documents = `/usr/share/doc/${plan.name}`;
  put(`${documents}/copyright`, copyrightFile({ root, library, packages }));
  put(`${documents}/changelog.gz`, gzip(debianChangelog(root, plan, { version, maintainer, date })));
  const manual = `/usr/share/man/man${plan.manualSection}/${plan.program}.${plan.manualSection}.gz`;
  put(manual, gzip(manualPage(plan, helpOf(join(tree, library), part), version)));
  put(`/usr/share/lintian/overrides/${plan.name}`, readFileSync(source('lintian-overrides')));

  for (const script of SCRIPTS) {
    if (existsSync(source(script))) put(`/DEBIAN/${script}`, readFileSync(source(script)));
  }
  put('/DEBIAN/control', controlFile(plan, { version, architecture, maintainer, tree }));
  put('/DEBIAN/md5sums', md5sumsFile(tree));
  settle(tree, plan.privateDirectories, date);
}

/** What the program itself prints, from the tree: one that does not start is not packaged. */
function helpOf(program: string, part: Part): string {
  const node = join(program, 'bin', 'node');
  const args = ['--disable-warning=ExperimentalWarning', join(program, part, 'src', 'main.js'), '--help'];
  return runTool(node, args, {
    debianPackage: 'libstdc++6',
    timeout: HELP_MS_MAX,
    env: { NO_COLOR: '1', COLUMNS: '100' },
  });
}

/** One time for all, and modes that depend neither on this machine's umask nor on how npm unpacked. */
function settle(tree: string, privateDirectories: string[], date: Date): void {
  for (const { path, entry } of entriesBelow(tree)) {
    const installed = path.slice(tree.length);
    if (entry.isDirectory()) chmodSync(path, privateDirectories.includes(installed) ? 0o700 : 0o755);
    else if (entry.isFile()) chmodSync(path, EXECUTABLE.test(installed) ? 0o755 : 0o644);
    lutimesSync(path, date, date);
  }
  chmodSync(tree, 0o755);
  lutimesSync(tree, date, date);
}

function gzip(text: string): Buffer {
  return gzipSync(text, { level: 9 });
}
