// Makes a deployment's state directory. Idempotent: what is there stays, what is missing is made, so an init that was
// interrupted is simply repeated.
import { createPublicKey } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProfileName, selectCrypto } from '@threatguard/proto';
import { makeFirstAdminSecret } from './access/first-admin.ts';
import { CertificateAuthorities } from './fleet/authorities.ts';
import { chooseCrypto } from './fleet/chosen-crypto.ts';
import { CollectorIdentity } from './fleet/collector-identity.ts';
import { makeFirstEpochKey } from './fleet/epochs/epoch-files.ts';
import { homePaths } from './fleet/home.ts';
import { loadOrMakeSigningKey, readIfThere, replaceFile, writeOnce } from './fleet/key-files.ts';
import { demoConfig, initialConfig } from './initial-config.ts';
import { parseListen } from './listen-address.ts';

export interface InitParts {
  home: string;
  listen: string;
  /** Of a fleet that is made now; of one that is there, only the same. */
  profile?: ProfileName | undefined;
  nowMs: number;
  /** Whether nobody reads what init prints but a log: then the first admin's secret is not made yet. */
  unattended?: boolean;
  /** Made for demonstrations, for ever. */
  demo?: boolean;
}

export interface InitResult {
  /** SHA-256 of the CA's SubjectPublicKeyInfo, hex. */
  caSha256: string;
  profile: ProfileName;
  configFile: string;
  consoleDirectory: string;
  /** Makes the first admin of the HTTP service, once; undefined where it was given before. */
  firstAdminSecret: string | undefined;
}

/** Throws FleetCryptoError where the fleet that is there has another profile. */
export async function initHome(parts: InitParts): Promise<InitResult> {
  const paths = homePaths(parts.home);
  for (const directory of [parts.home, join(parts.home, 'collector'), paths.kemDirectory, paths.storeDirectory]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
  await selectCrypto({ profile: parts.profile ?? 'standard' });
  await CertificateAuthorities.init(paths.caDirectory, parts.nowMs);
  const authorities = await CertificateAuthorities.load(paths.caDirectory);
  const { profile } = await chooseCrypto(authorities.newest, { provider: 'openssl', profile: parts.profile });
  await CollectorIdentity.load({
    keyFile: paths.tlsKey,
    certificateFile: paths.tlsCertificate,
    authorities,
    nowMs: parts.nowMs,
  });
  await makeFirstEpochKey(paths.kemDirectory);
  const config = parts.demo ? demoConfig(parts.listen) : initialConfig(parts.listen, profile);
  await writeOnce(paths.configFile, config);
  const firstAdminSecret = parts.unattended ? undefined : await makeFirstAdminSecret(paths.accessDirectory);
  // Last: where it exists, everything before it does.
  await issueConsoleIdentity({
    authorities,
    directory: paths.consoleDirectory,
    name: 'admin',
    collector: consoleAddress(parts.listen),
    nowMs: parts.nowMs,
  });
  return {
    caSha256: authorities.newest.fingerprint,
    profile,
    configFile: paths.configFile,
    consoleDirectory: paths.consoleDirectory,
    firstAdminSecret,
  };
}

/** Makes what a console needs to connect, in a directory of its own. An identity that is complete is left alone. */
export async function issueConsoleIdentity(parts: {
  authorities: CertificateAuthorities;
  directory: string;
  name: string;
  collector: string;
  nowMs: number;
}): Promise<void> {
  const file = (name: string) => join(parts.directory, name);
  const { key } = await loadOrMakeSigningKey(file('console.key'), { open: true });
  if ((await readIfThere(file('console.crt'))) === undefined) {
    const name = { kind: 'console', id: parts.name } as const;
    const certificate = await parts.authorities.newest.issue({
      name,
      publicKey: createPublicKey(key),
      nowMs: parts.nowMs,
    });
    await writeOnce(file('console.crt'), certificate.toString());
  }
  await replaceFile(file('ca.crt'), parts.authorities.anchorsPem);
  await writeOnce(file('console.json'), `${JSON.stringify({ collector: parts.collector })}\n`);
}

/** Where a console on this host reaches a collector that listens there. */
export function consoleAddress(listen: string): string {
  const { host, port } = parseListen(listen)!;
  if (host === '0.0.0.0') return `127.0.0.1:${port}`;
  if (host === '::') return `[::1]:${port}`;
  return listen;
}
