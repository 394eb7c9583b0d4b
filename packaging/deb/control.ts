// DEBIAN/: what dpkg reads.

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { PackageError } from './package-error.ts';
import type { PackagePlan } from './plan.ts';
import { entriesBelow } from './tree.ts';

/** What Node 26 is linked with; its libraries are asked of the host, in the versions its symbols name. */
const NODE_DEPENDS = ['libatomic1', 'libc6 (>= 2.28)', 'libgcc-s1 (>= 4.2)', 'libstdc++6 (>= 6)'];
/** Where nobody says who makes the package, mail to its maintainer stays on the host it is installed on. */
const HOST_MAINTAINER = 'ThreatGuard <root@localhost>';
const BLOCK_BYTES = 1024;

/** `1.0.0-rc.1` is before `1.0.0`, to Debian as to npm. */
export function debianVersion(version: string): string {
  return version.replace('-', '~');
}

/**
 * Whoever builds and hands out a package is its maintainer (Debian policy 3.3), and says so as for all of Debian's tools, by
 * DEBFULLNAME and DEBEMAIL. Throws PackageError where these are no name and no address.
 */
export function packageMaintainer({ DEBFULLNAME: name, DEBEMAIL: email }: NodeJS.ProcessEnv): string {
  if (!email) return HOST_MAINTAINER;
  if (!/^[^\s@<>,]{1,64}@[^\s@<>,]{1,255}$/.test(email) || /[<>@,\n]/.test(name ?? ''))
    throw new PackageError('maintainer', `DEBFULLNAME and DEBEMAIL make no maintainer: "${name ?? ''}" <${email}>`);
  return `${name || 'ThreatGuard'} <${email}>`;
}

export function controlFile(
  plan: PackagePlan,
  parts: { version: string; architecture: string; maintainer: string; tree: string },
): string {
  const blocks = filesOf(parts.tree).reduce((sum, path) => sum + Math.ceil(statSync(path).size / BLOCK_BYTES), 0);
  return `${[
    `Package: ${plan.name}`,
    `Version: ${debianVersion(parts.version)}`,
    `Architecture: ${parts.architecture}`,
    `Maintainer: ${parts.maintainer}`,
    `Installed-Size: ${blocks}`,
    `Depends: ${[...NODE_DEPENDS, ...plan.depends].join(', ')}`,
    ...(plan.suggests.length > 0 ? [`Suggests: ${plan.suggests.join(', ')}`] : []),
    `Section: ${plan.section}`,
    'Priority: optional',
    `Description: ${plan.summary}`,
    ...plan.description.map((line) => ` ${line}`),
  ].join('\n')}\n`;
}

/** For `dpkg --verify`: which of the installed files have been changed. Settings are left out, as they may be. */
export function md5sumsFile(tree: string): string {
  const lines = filesOf(tree)
    .filter((path) => !relative(tree, path).startsWith('etc/'))
    .map((path) => `${createHash('md5').update(readFileSync(path)).digest('hex')}  ${relative(tree, path)}\n`);
  return lines.join('');
}

function filesOf(tree: string): string[] {
  const files = entriesBelow(tree).filter(({ entry }) => entry.isFile());
  return files.map(({ path }) => path).filter((path) => !relative(tree, path).startsWith('DEBIAN/'));
}
