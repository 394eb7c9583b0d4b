// Writes src/gen from threatguard/v1/*.proto; with --check it only says whether what is checked in is current.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { messagesModule, readProtos, servicesModule } from './declarations.ts';

const root = join(import.meta.dirname, '..');
const gen = join(root, 'src', 'gen');
const cli = dirname(createRequire(import.meta.url).resolve('protobufjs-cli/package.json'));
const protos = readdirSync(join(root, 'threatguard', 'v1'))
  .sort()
  .map((name) => `threatguard/v1/${name}`);

const options = '-t static-module -w esm --force-number --null-semantics --dependency protobufjs/minimal.js';
const omitted = '--no-verify --no-convert --no-delimited --no-service --no-typeurl';

const work = mkdtempSync(join(tmpdir(), 'threatguard-generate-'));

// Run outside the package: beside it pbjs would find each file twice, by argument and by import.
function run(tool: string, args: string[]): void {
  execFileSync(process.execPath, [join(cli, 'bin', tool), ...args], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

try {
  const common = [...options.split(' '), ...omitted.split(' '), '-p', root];
  // The types are read from the comments, which the code itself does without.
  run('pbjs', [...common, '-o', join(work, 'commented.js'), ...protos]);
  run('pbts', ['--no-comments', '-o', join(work, 'v1.d.ts'), join(work, 'commented.js')]);
  run('pbjs', [...common, '--no-comments', '-o', join(work, 'v1.js'), ...protos]);
  const types = readFileSync(join(work, 'v1.d.ts'), 'utf8').replace(/^import Long.*\n/m, '');
  writeFileSync(join(work, 'v1.d.ts'), types);

  const declared = readProtos(root, protos);
  writeFileSync(join(work, 'messages.ts'), messagesModule(declared));
  writeFileSync(join(work, 'services.ts'), servicesModule(declared));

  const stale = ['v1.js', 'v1.d.ts', 'messages.ts', 'services.ts'].filter((name) => {
    const fresh = readFileSync(join(work, name), 'utf8');
    if (process.argv.includes('--check')) return readFileSync(join(gen, name), 'utf8') !== fresh;
    writeFileSync(join(gen, name), fresh);
    return false;
  });
  if (stale.length > 0) {
    console.error(`proto/src/gen is not current (${stale.join(', ')}): run npm run generate and commit the result`);
    process.exitCode = 1;
  }
} finally {
  rmSync(work, { recursive: true });
}
