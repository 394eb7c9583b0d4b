import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:tls';
import { Client } from '@grpc/grpc-js';
import { peerUri, signKemKey, TLS_POLICY, verifyKemKey } from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { selfSignCa } from '../../collector/src/fleet/certificate-authority.ts';
import { issueAnything } from '../support/agent-identity.ts';

async function makeCa() {
  const { privateKey } = generateKeyPairSync('ml-dsa-65');
  return { pem: await selfSignCa(privateKey, Date.now()), privateKey };
}

let fleet: Awaited<ReturnType<typeof makeCa>>;
let stranger: Awaited<ReturnType<typeof makeCa>>;
beforeAll(async () => {
  fleet = await makeCa();
  stranger = await makeCa();
});

describe('a server is taken for the collector', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** Whether a client of this fleet's CA goes through with the handshake. */
  async function isTaken(certificate: { certificate: string; key: string }): Promise<boolean> {
    const listening = createServer({
      ...TLS_POLICY,
      cert: certificate.certificate,
      key: certificate.key,
      ALPNProtocols: ['h2'],
    });
    server = listening;
    listening.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as { port: number };
    const client = new Client(`127.0.0.1:${port}`, collectorCredentials({ ca: fleet.pem }), CHANNEL_OPTIONS);
    const taken = new Promise<boolean>((resolve) => {
      listening.on('secureConnection', (socket) => {
        socket.on('error', () => resolve(false));
        // A client that trusts us speaks HTTP/2 first.
        socket.once('data', () => resolve(true));
        socket.once('close', () => resolve(false));
      });
      client.waitForReady(Date.now() + 1000, (error) => error && resolve(false));
    });
    return await taken.finally(() => client.close());
  }

  it('with a certificate of the fleet that names a collector', async () => {
    const uri = peerUri({ kind: 'collector', id: 'c' });
    expect(await isTaken(await issueAnything({ by: fleet, uri, side: 'server' }))).toBe(true);
  });

  it.each([
    ['that names an agent', peerUri({ kind: 'agent', id: 'a' })],
    ['that names a console', peerUri({ kind: 'console', id: 'c' })],
    ['that names nobody', undefined],
  ])('and not with one %s', async (_name, uri) => {
    expect(await isTaken(await issueAnything({ by: fleet, uri, side: 'server' }))).toBe(false);
  });

  it('and not with one of another CA', async () => {
    const uri = peerUri({ kind: 'collector', id: 'c' });
    expect(await isTaken(await issueAnything({ by: stranger, uri, side: 'server' }))).toBe(false);
  });
});

describe("the fleet's ML-KEM key", () => {
  const kem = generateKeyPairSync('ml-kem-768');

  async function announcedBy(ca: typeof fleet, kind: 'collector' | 'agent' = 'collector') {
    const issued = await issueAnything({ by: ca, uri: peerUri({ kind, id: 'c' }) });
    const signer = { privateKey: createPrivateKey(issued.key), certificate: new X509Certificate(issued.certificate) };
    return signKemKey({ epoch: 7, publicKey: kem.publicKey, createdAtUs: 1, signer });
  }

  it('is taken when a collector of this fleet signed it', async () => {
    const key = verifyKemKey(await announcedBy(fleet), new X509Certificate(fleet.pem));
    expect(key.epoch).toBe(7);
    expect(key.publicKey.equals(createPublicKey(kem.privateKey))).toBe(true);
  });

  it.each([
    ['a collector of another CA', () => announcedBy(stranger)],
    ['an agent of this fleet', () => announcedBy(fleet, 'agent')],
  ])('is refused from %s', async (_name, announce) => {
    const announced = await announce();
    expect(() => verifyKemKey(announced, new X509Certificate(fleet.pem))).toThrow(
      expect.objectContaining({ code: 'identity_mismatch' }),
    );
  });

  it('is refused when it was changed after it was signed', async () => {
    const announced = await announcedBy(fleet);
    const key = Uint8Array.from(announced.key ?? []);
    key[key.length - 1]! ^= 1;
    expect(() => verifyKemKey({ ...announced, key }, new X509Certificate(fleet.pem))).toThrow(
      expect.objectContaining({ code: 'signature_invalid' }),
    );
  });
});
