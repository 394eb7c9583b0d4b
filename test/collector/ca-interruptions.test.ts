// The collector stopped between any two writes of a rotation or a retirement of its CAs: the next start has whole CAs, and the
// same command goes on.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CaSuccession, extendTrust } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CertificateAuthorities } from '../../collector/src/fleet/authorities.ts';

const root = mkdtempSync(join(tmpdir(), 'threatguard-ca-stops-'));
const before = join(root, 'before');
const rotated = join(root, 'rotated');
const retired = join(root, 'retired');
let directory: string;
let runs = 0;

beforeAll(async () => {
  await CertificateAuthorities.init(before, Date.now());
  cpSync(before, rotated, { recursive: true });
  await (await CertificateAuthorities.load(rotated)).rotate(Date.now());
  cpSync(rotated, retired, { recursive: true });
  await (await CertificateAuthorities.load(retired)).retire(Date.now());
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  directory = join(root, `run-${++runs}`);
});

const read = (from: string, name: string) => readFileSync(join(from, name));
const begin = (from: string) => cpSync(from, directory, { recursive: true });
/** What a stopped rotation left, in the order it is written. */
const leave = (...names: string[]) => {
  begin(before);
  for (const name of names) writeFileSync(join(directory, name), read(rotated, name), { mode: 0o600 });
};

describe('a rotation that was stopped', () => {
  it.each([
    ['before anything was written', []],
    ['after the new key', ['ca-2.key']],
    ['after the new certificate', ['ca-2.key', 'ca-2.crt']],
  ])('%s is not seen by the next start, and completed by the next rotation', async (_, names) => {
    leave(...names);
    writeFileSync(join(directory, 'ca-2.succession.1.new'), 'half of a file');
    const authorities = await CertificateAuthorities.load(directory);
    const first = authorities.newest;
    expect(authorities.trusted).toEqual([first]);
    const { newest, former } = await authorities.rotate(Date.now());
    expect(former).toBe(first);
    for (const name of names) expect(read(directory, name)).toEqual(read(rotated, name));
    const again = await CertificateAuthorities.load(directory);
    expect(again.trusted.map(({ fingerprint }) => fingerprint)).toEqual([newest.fingerprint, first.fingerprint]);
    expect(extendTrust([first.certificate], again.announced)[0]!.raw).toEqual(newest.certificate.raw);
    expect(again.history.successions![0]!.endorsement).toBeDefined();
  });

  it('after its last write is there as a whole', async () => {
    leave('ca-2.key', 'ca-2.crt', 'ca-2.succession');
    const authorities = await CertificateAuthorities.load(directory);
    expect(authorities.trusted).toHaveLength(2);
    await expect(authorities.rotate(Date.now())).rejects.toMatchObject({ code: 'rotation_under_way' });
  });
});

describe('a succession that was made before endorsements', () => {
  it('is taken as it is', async () => {
    begin(rotated);
    const { endorsement: _, ...former } = CaSuccession.decode(read(rotated, 'ca-2.succession'));
    writeFileSync(join(directory, 'ca-2.succession'), CaSuccession.encode(former).finish());
    const authorities = await CertificateAuthorities.load(directory);
    expect(authorities.trusted).toHaveLength(2);
    expect(authorities.history.successions![0]!.endorsement ?? undefined).toBeUndefined();
  });
});

describe('a retirement that was stopped', () => {
  it('before anything was written is begun again', async () => {
    begin(rotated);
    const authorities = await CertificateAuthorities.load(directory);
    expect(authorities.trusted).toHaveLength(2);
    expect(await authorities.retire(Date.now())).toHaveLength(1);
    expect(existsSync(join(directory, 'ca.key'))).toBe(false);
  });

  it.each<[string, (key: string) => void]>([
    ['after the mark', () => undefined],
    ['after the key was overwritten', (key) => writeFileSync(key, new Uint8Array(statSync(key).size))],
    ['while the key was overwritten', (key) => truncateSync(key, 7)],
    ['after the key was removed', (key) => rmSync(key)],
  ])('%s has destroyed the key at the next start, and trusts the newest alone', async (_, damage) => {
    begin(rotated);
    writeFileSync(join(directory, 'ca.retired'), read(retired, 'ca.retired'));
    damage(join(directory, 'ca.key'));
    const authorities = await CertificateAuthorities.load(directory);
    expect(existsSync(join(directory, 'ca.key'))).toBe(false);
    expect(authorities.trusted).toEqual([authorities.newest]);
    expect(authorities.newest.certificate.toString()).toBe(read(rotated, 'ca-2.crt').toString().trimStart());
    await expect(authorities.retire(Date.now())).rejects.toMatchObject({ code: 'nothing_to_retire' });
    expect((await authorities.rotate(Date.now())).former.certificate.raw).toEqual(authorities.anchors[1]!.raw);
  });
});
