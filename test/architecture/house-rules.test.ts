import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageOf, ROOT, type SourceFile, sourceFiles } from '../support/source-files.ts';

const WORKSPACES = ['proto', 'agent', 'collector', 'console'] as const;
const files = Object.fromEntries(WORKSPACES.map((name) => [name, sourceFiles(name)])) as Record<
  (typeof WORKSPACES)[number],
  SourceFile[]
>;
const all = Object.values(files).flat();

function manifest(workspace: string): {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
} {
  return JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8'));
}

/** The folder that alone may import a heavy library. */
const OWNERS: Record<string, string[]> = {
  koffi: ['agent/src/kernel/'],
  pg: ['collector/src/store/'],
  'pg-copy-streams': ['collector/src/store/'],
  '@electric-sql/pglite': ['collector/src/store/'],
  '@nats-io/transport-node': ['collector/src/publish/', 'console/src/client/'],
  '@nats-io/jetstream': ['collector/src/publish/', 'console/src/client/'],
  'onnxruntime-node': ['collector/src/detect/models/onnx/'],
  ink: ['console/src/ui/'],
  react: ['console/src/ui/'],
  '@openforge-sh/liboqs': ['proto/src/crypto/'],
  fastify: ['collector/src/http/'],
  'prom-client': ['collector/src/http/metrics/'],
  ioredis: ['collector/src/cache/'],
  jose: ['collector/src/access/'],
  'openid-client': ['collector/src/access/oidc/'],
  '@peculiar/x509': ['agent/src/identity/', 'collector/src/fleet/'],
};

/** The order in which an event passes the collector's stages; `pipeline.ts`, `run.ts` and `main.ts` import them all. */
const STAGES = [
  ...['fleet', 'ingest', 'enrich', 'detect', 'judge', 'correlate', 'triage', 'store', 'publish', 'api', 'http'],
];

describe('packages', () => {
  it.each(['agent', 'collector', 'console'] as const)('%s imports the contract and none of its siblings', (name) => {
    const siblings = WORKSPACES.filter((other) => other !== name && other !== 'proto').map(
      (other) => `@threatguard/${other}`,
    );
    const offences = files[name].flatMap((file) =>
      file.imports
        .filter(
          (specifier) =>
            siblings.includes(packageOf(specifier) ?? '') ||
            /^(\.\.\/)+(agent|collector|console|proto)\//.test(specifier),
        )
        .map((specifier) => `${file.path} imports ${specifier}`),
    );
    expect(offences).toEqual([]);
  });

  it('proto imports nothing of ours', () => {
    const offences = files.proto.filter((file) =>
      file.imports.some((specifier) => specifier.startsWith('@threatguard/')),
    );
    expect(offences.map((file) => file.path)).toEqual([]);
  });

  it.each(WORKSPACES)('%s declares every package it imports, and gives the reason for each in its README', (name) => {
    const declared = Object.keys(manifest(name).dependencies ?? {});
    const imported = new Set(
      files[name].flatMap((file) => file.imports.map(packageOf)).filter((found) => found !== undefined),
    );
    expect([...imported].filter((used) => !declared.includes(used))).toEqual([]);
    const readme = readFileSync(join(ROOT, name, 'README.md'), 'utf8');
    expect(declared.filter((dependency) => !readme.includes(`\`${dependency}\``))).toEqual([]);
  });

  it.each(['.', ...WORKSPACES])('%s names exact versions', (name) => {
    const { dependencies = {}, devDependencies = {} } = manifest(name);
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });
});

describe('the lockfile', () => {
  it('holds every optional package it names: without one, npm ci refuses the whole file', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const named = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    const held = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)));
    expect(named.filter((name) => !held.has(name))).toEqual([]);
  });
});

describe('folders', () => {
  it('at the top are the agreed ones', () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
    const folders = new Set(tracked.filter((path) => path.includes('/')).map((path) => path.split('/')[0]!));
    const agreed = ['.ci', 'agent', 'collector', 'console', 'packaging', 'proto', 'test'];
    expect([...folders].filter((folder) => !agreed.includes(folder))).toEqual([]);
  });

  it('have names that say what is in them', () => {
    const vague = /(^|\/)(utils?|common|helpers?|shared|lib|misc)(\/|\.ts$)/;
    expect(all.map((file) => file.path).filter((path) => vague.test(path))).toEqual([]);
  });

  it.each(Object.entries(OWNERS))('%s is imported in %s only', (library, folders) => {
    const offences = all.filter(
      (file) =>
        file.imports.some((specifier) => packageOf(specifier) === library) &&
        !folders.some((folder) => file.path.startsWith(folder)),
    );
    expect(offences.map((file) => file.path)).toEqual([]);
  });
});

describe('effects', () => {
  it('on the process as a whole are main.ts alone', () => {
    const effect = /\bprocess\.(env|argv|exit\(|on\('SIG|once\('SIG)/;
    const offences = all.filter(
      (file) => effect.test(file.text) && !/^(agent|collector|console)\/src\/main\.ts$/.test(file.path),
    );
    expect(offences.map((file) => file.path)).toEqual([]);
  });
});

describe('the collector', () => {
  it('has stages that import only those an event has passed', () => {
    const offences = files.collector.flatMap((file) => {
      const stage = STAGES.findIndex((name) => file.path.startsWith(`collector/src/${name}/`));
      if (stage < 0) return [];
      return file.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => join(dirname(file.path), specifier))
        .filter((target) => STAGES.findIndex((name) => target.startsWith(`collector/src/${name}/`)) > stage)
        .filter(
          (target) =>
            !/collector\/src\/store\/(store|store-error|commit-group|fleet-record|audit-entry|(behaviour|epoch|judgement|rule|shared|verdict)-store)\.ts$/.test(
              target,
            ),
        )
        .map((target) => `${file.path} imports ${target}`);
    });
    expect(offences).toEqual([]);
  });
});

describe('the README', () => {
  it('names a file that exists for every stage of the straight line', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const table = readme.slice(
      readme.indexOf('## The straight line'),
      readme.indexOf('\n## ', readme.indexOf('## The straight line') + 1),
    );
    const paths = [...table.matchAll(/`((?:proto|agent|collector|console)\/[^`]+\.ts)`/g)].map((match) => match[1]!);
    expect(paths.length).toBeGreaterThanOrEqual(12);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
