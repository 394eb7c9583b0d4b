import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import {
  type CaSuccession,
  extendTrust,
  keyId,
  signBytes,
  signCaSuccession,
  signKeySuccession,
  verifyKeySuccession,
  withoutRetired,
} from '@threatguard/proto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { selfSignCa } from '../../collector/src/fleet/certificate-authority.ts';
import { issueAnything } from '../support/agent-identity.ts';

interface TestCa {
  certificate: X509Certificate;
  privateKey: KeyObject;
}

async function makeCa(algorithm: 'ml-dsa-65' | 'ml-dsa-87' = 'ml-dsa-65'): Promise<TestCa> {
  const { privateKey } = generateKeyPairSync(algorithm as 'ml-dsa-65');
  return { certificate: new X509Certificate(await selfSignCa(privateKey, Date.now())), privateKey };
}
const follow = (old: TestCa, { certificate: successor }: TestCa) => signCaSuccession({ old, successor, nowUs: 1 });

let [first, second, third, stranger]: TestCa[] = [];
beforeAll(async () => {
  [first, second, third, stranger] = await Promise.all([makeCa(), makeCa(), makeCa(), makeCa()]);
});

const raw = (...cas: TestCa[]) => cas.map(({ certificate }) => certificate.raw);
const trusting = (...cas: TestCa[]) => cas.map(({ certificate }) => certificate);

describe('trust is extended', () => {
  test('from any CA of the chain to the newest, whatever the order of the steps', () => {
    const successions = [follow(second!, third!), follow(first!, second!)];
    const told = { certificates: raw(third!, second!, first!), successions };
    expect(extendTrust(trusting(first!), told)).toEqual(trusting(third!, second!, first!));
    expect(extendTrust(trusting(second!), told)).toEqual(trusting(third!, second!));
  });

  test.each<[string, () => CaSuccession | Promise<CaSuccession>]>([
    [
      'a step signed by a stranger',
      () => ({ ...follow(stranger!, second!), oldCaKeyId: keyId(first!.certificate.publicKey) }),
    ],
    ['a step from a CA that is not trusted', () => follow(stranger!, second!)],
    [
      'a step to another certificate than was signed',
      () => ({ ...follow(first!, third!), newCaCertificate: second!.certificate.raw }),
    ],
    [
      'a signature for another purpose',
      () => ({
        ...follow(first!, second!),
        signature: signBytes({ message: second!.certificate.raw, privateKey: first!.privateKey, purpose: 'alert' }),
      }),
    ],
    ['no signature', () => ({ ...follow(first!, second!), signature: new Uint8Array() })],
    [
      'a certificate that is no CA',
      async () => {
        const by = { pem: first!.certificate.toString(), privateKey: first!.privateKey };
        const leaf = new X509Certificate((await issueAnything({ by, uri: 'threatguard://agent/a' })).certificate);
        return signCaSuccession({ old: first!, successor: leaf, nowUs: 1 });
      },
    ],
    ['a CA of another profile', async () => follow(first!, await makeCa('ml-dsa-87'))],
    ['nothing at all', () => ({})],
  ])('not by %s', async (_, make) => {
    const told = { certificates: raw(second!, first!), successions: [await make()] };
    expect(extendTrust(trusting(first!), told)).toEqual(trusting(first!));
  });

  test('never by arbitrary bytes, and never throwing', () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    const succession = fc.record({ oldCaKeyId: bytes, newCaCertificate: bytes, signature: bytes });
    fc.assert(
      fc.property(
        fc.array(succession, { maxLength: 4 }),
        fc.array(bytes, { maxLength: 4 }),
        (successions, certificates) => {
          const named = successions.map((each) => ({ ...each, oldCaKeyId: keyId(first!.certificate.publicKey) }));
          expect(extendTrust(trusting(first!), { certificates, successions: named })).toEqual(trusting(first!));
        },
      ),
      { seed: 5, numRuns: 100 },
    );
  });
});

describe('trust is given up', () => {
  test.each<[string, () => [Uint8Array[], X509Certificate[]]]>([
    ['older ones that are not named', () => [raw(third!), trusting(third!)]],
    ['older ones, where only a middle one is named', () => [raw(second!), trusting(third!, second!)]],
    [
      'nothing where an older one alone is named: nobody is talked back',
      () => [raw(first!), trusting(third!, second!, first!)],
    ],
    ['nothing where none is named', () => [[], trusting(third!, second!, first!)]],
    ['nothing where only strangers are named', () => [raw(stranger!), trusting(third!, second!, first!)]],
  ])('in %s', (_, expected) => {
    const [certificates, left] = expected();
    expect(withoutRetired(trusting(third!, second!, first!), { certificates: [...certificates] })).toEqual(left);
  });
});

describe('the succession of a signing key', () => {
  const keys = () => generateKeyPairSync('ml-dsa-65');
  const [old, next, other] = [keys(), keys(), keys()];
  const good = () => signKeySuccession({ agentId: 'a-1', old, newPublicKey: next.publicKey, nowUs: 7 });
  const expected = { agentId: 'a-1', oldPublicKey: old.publicKey, newPublicKey: next.publicKey };

  test('is believed where the old key signed it', () => {
    expect(verifyKeySuccession(good(), expected)).toEqual({ succeedsAtUs: 7 });
  });

  test.each([
    ['of another agent', { ...expected, agentId: 'a-2' }, 'identity_mismatch'],
    ['to another key', { ...expected, newPublicKey: other.publicKey }, 'identity_mismatch'],
    ['from another key', { ...expected, oldPublicKey: other.publicKey }, 'signature_invalid'],
  ])('is refused %s', (_, step, code) => {
    expect(() => verifyKeySuccession(good(), step)).toThrow(expect.objectContaining({ code }));
  });

  test('is refused where a byte of it or of its signature is another', () => {
    const { succession, signature } = good();
    const turn = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, at) => (at === 9 ? byte ^ 1 : byte));
    for (const altered of [
      { succession: turn(succession), signature },
      { succession, signature: turn(signature) },
    ]) {
      expect(() => verifyKeySuccession(altered, expected)).toThrow(
        expect.objectContaining({ code: 'signature_invalid' }),
      );
    }
  });
});
