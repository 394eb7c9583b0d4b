import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rewriteKeys, setKeyPassphrase } from '@threatguard/proto';
import { ConfigError } from '@threatguard/proto/config';
import { homePaths } from '../fleet/home.ts';
import { type Command, homeOf } from './command.ts';

export const sealKeys = rewriting('sealed', {
  usage: `  threatguard-collector keys seal --home DIR
      Seals the collector's private keys (CA, TLS, every epoch) under the passphrase in the file that
      THREATGUARD_KEY_PASSPHRASE_FILE names. Keys made later are sealed wherever it is set.
`,
});

export const unsealKeys = rewriting('open', {
  usage: `  threatguard-collector keys unseal --home DIR
      Writes them open again. To change the passphrase: unseal with the old one, seal with the new one.
`,
});

function rewriting(wanted: 'sealed' | 'open', { usage }: { usage: string }): Command {
  return {
    usage,
    options: {},
    async run(invocation) {
      const files = rewriteKeys(await keyFiles(homeOf(invocation)), wanted);
      invocation.stdout.write(
        files.length > 0 ? files.map((file) => `${wanted}: ${file}\n`).join('') : `all were ${wanted} already\n`,
      );
      return 0;
    },
  };
}

/** Every private key the collector has; the consoles' are read by programs without the passphrase. */
async function keyFiles(home: string): Promise<string[]> {
  const { collectorDirectory } = homePaths(home);
  const entries = await readdir(collectorDirectory, { recursive: true }).catch(() => {
    throw new ConfigError(`there is no fleet in ${home}; make one with: threatguard-collector init --home ${home}`);
  });
  return entries
    .filter((name) => name.endsWith('.key'))
    .sort()
    .map((name) => join(collectorDirectory, name));
}

/** For every command that reads or makes keys. Throws ConfigError where the file cannot be read. */
export async function loadPassphrase(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const file = environment.THREATGUARD_KEY_PASSPHRASE_FILE;
  if (!file) return;
  const content = await readFile(file).catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigError(`environment THREATGUARD_KEY_PASSPHRASE_FILE: ${file} cannot be read (${code})`);
  });
  setKeyPassphrase(content);
}
