// A certificate authority and certificates of servers and clients on this host, as files, for TLS that is not ours.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const DAY_MS = 86_400_000;
const KEYS = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface CertificateFiles {
  certificate: string;
  key: string;
}

export interface TestCertificates extends Disposable {
  directory: string;
  ca: string;
  /** For 127.0.0.1 and the name `receiver.example`. */
  server: CertificateFiles;
  client: CertificateFiles;
}

export async function makeCertificates(): Promise<TestCertificates> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-certificates-'));
  const notBefore = new Date(Date.now() - DAY_MS);
  const notAfter = new Date(Date.now() + DAY_MS);
  const caKeys = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
  const always = { notBefore, notAfter, signingAlgorithm: KEYS };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...always,
    serialNumber: '01',
    name: 'CN=Test CA',
    keys: caKeys,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const write = (name: string, text: string) => {
    const file = join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const issue = async (name: string, serialNumber: string): Promise<CertificateFiles> => {
    const keys = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      ...always,
      serialNumber,
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: `${name}.example` },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    return {
      certificate: write(`${name}.crt`, certificate.toString('pem')),
      key: write(`${name}.key`, x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')),
    };
  };
  return {
    directory,
    ca: write('ca.crt', ca.toString('pem')),
    server: await issue('receiver', '02'),
    client: await issue('collector', '03'),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
