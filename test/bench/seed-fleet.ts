// A fleet that is enrolled already: keys made here, certificates by the fleet's CA, records in the store. Enrolling thousands
// over the wire would take longer than what is measured, and is measured by nobody here.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyId } from '@threatguard/proto';
import { CertificateAuthorities } from '../../collector/src/fleet/authorities.ts';
import { homePaths } from '../../collector/src/fleet/home.ts';
import { openStore } from '../../collector/src/store/open.ts';
import { makeAgent } from '../support/stores.ts';

const SAY_EVERY = 1_000;

/** One agent in a line of JSON. */
export interface SeededAgent {
  agentId: string;
  name: string;
  certificate: string;
  key: string;
}

/** Writes the agents' identities to a file of the directory and resolves with its path. The collector must not run. */
export async function seedFleet(parts: {
  home: string;
  url: string | undefined;
  directory: string;
  agents: number;
}): Promise<string> {
  const { home, url, directory, agents } = parts;
  const { newest: authority } = await CertificateAuthorities.load(homePaths(home).caDirectory);
  await using store = await openStore({ url, directory: join(home, 'collector', 'store') });
  const lines: string[] = [];
  const nowMs = Date.now();
  for (let index = 0; index < agents; index++) {
    const { privateKey, publicKey } = generateKeyPairSync('ml-dsa-65');
    const agentId = randomUUID();
    const name = `bench-${index}`;
    const certificate = await authority.issue({ name: { kind: 'agent', id: agentId }, publicKey, nowMs });
    await store.addAgent(
      makeAgent({
        id: agentId,
        name,
        machineId: name,
        keyId: keyId(publicKey).toString('hex'),
        certificate: certificate.raw,
        certificateExpiresAtUs: certificate.validToDate.getTime() * 1000,
        enrolledAtUs: nowMs * 1000,
      }),
    );
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    lines.push(JSON.stringify({ agentId, name, certificate: certificate.toString(), key } satisfies SeededAgent));
    if ((index + 1) % SAY_EVERY === 0) console.error(`  ${index + 1} of ${agents} agents made`);
  }
  const file = join(directory, 'fleet.jsonl');
  writeFileSync(file, lines.join('\n'));
  return file;
}
