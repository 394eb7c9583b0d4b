// npm run package:deb: the Debian packages of this tree, for the processor it was installed on. The same tree, Node and
// SOURCE_DATE_EPOCH give the same bytes.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { debianVersion, packageMaintainer } from './deb/control.ts';
import { PackageError } from './deb/package-error.ts';
import { ARCHITECTURES, PACKAGES, type Part } from './deb/plan.ts';
import { runTool } from './deb/run-tool.ts';
import { stagePackage } from './deb/stage-package.ts';

const ROOT = resolve(import.meta.dirname, '..');
const USAGE = `npm run package:deb -- [--output DIR] [--part agent|collector|console]... [--version X.Y.Z] [--compression xz|gzip|none]

  --output DIR    where the packages go (default packaging/dist)
  --part PART     only this one; may be given several times (default all three)
  --version       another version than that of package.json
  --compression   xz (default) is smallest; gzip and none are for tries

SOURCE_DATE_EPOCH is the time of every file inside; without it, that of the last commit. DEBFULLNAME and DEBEMAIL name the
maintainer; without them it is root of the host it is installed on.
`;

/** dpkg-deb works in as many threads as there are processors otherwise, and cuts what it compresses accordingly. */
const COMPRESSION = { xz: ['-Zxz', '-z6'], gzip: ['-Zgzip', '-z1'], none: ['-Znone'] };

function main(args: string[]): void {
  const { values } = parseArgs({
    args,
    options: {
      output: { type: 'string', default: join(ROOT, 'packaging', 'dist') },
      part: { type: 'string', multiple: true, default: Object.keys(PACKAGES) },
      version: { type: 'string', default: JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version },
      compression: { type: 'string', default: 'xz' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const compression = COMPRESSION[values.compression as keyof typeof COMPRESSION];
  const parts = values.part.filter((part): part is Part => part in PACKAGES);
  if (!compression || parts.length !== values.part.length) throw new TypeError(`wrong arguments\n${USAGE}`);
  const architecture = ARCHITECTURES[process.arch];
  if (!architecture)
    throw new PackageError('architecture', `no package is made for ${process.arch}; on amd64 and arm64 it is`);
  const maintainer = packageMaintainer(process.env);
  const date = sourceDate();
  const output = resolve(values.output);
  mkdirSync(output, { recursive: true });
  for (const part of parts) {
    const tree = mkdtempSync(join(tmpdir(), 'threatguard-deb-'));
    try {
      stagePackage({ root: ROOT, part, version: values.version, architecture, maintainer, date, tree });
      const file = join(output, `${PACKAGES[part].name}_${debianVersion(values.version)}_${architecture}.deb`);
      const deb = ['--root-owner-group', '--threads-max=2', ...compression, '--build', tree, file];
      runTool('dpkg-deb', deb, {
        debianPackage: 'dpkg',
        env: { ...environment(), SOURCE_DATE_EPOCH: `${date.getTime() / 1000}` },
      });
      process.stdout.write(`${file}  ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  }
}

function sourceDate(): Date {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given && /^\d{1,11}$/.test(given)) return new Date(Number(given) * 1000);
  try {
    const stamp = execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
    return new Date(Number(stamp) * 1000);
  } catch (cause) {
    throw new PackageError('no_date', 'this is no git clone: SOURCE_DATE_EPOCH must say the time of the files', {
      cause,
    });
  }
}

function environment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' };
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof PackageError)) throw error;
  process.stderr.write(`package:deb: ${error.message}\n`);
  process.exitCode = 1;
}
