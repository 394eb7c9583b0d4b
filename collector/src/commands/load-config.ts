import { readFile } from 'node:fs/promises';
import { ConfigError } from '@threatguard/proto/config';
import { type CollectorConfig, readCollectorConfig } from '../config.ts';
import { homePaths } from '../fleet/home.ts';

/** The configuration of a state directory. Throws ConfigError, which says how to make one where there is none. */
export async function loadConfig(
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<CollectorConfig> {
  const file = homePaths(home).configFile;
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw new ConfigError(`${file} does not exist; make it with: threatguard-collector init --home ${home}`);
  });
  return readCollectorConfig({ file, text, environment });
}
