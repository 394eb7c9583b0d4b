import { generateKeyPairSync } from 'node:crypto';
import { Alert, keyId, Severity, type SignedAlert, signAlert, signAlertAside, verifyAlert } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';

const collector = generateKeyPairSync('ml-dsa-65');
const stranger = generateKeyPairSync('ml-dsa-65');
const signer = { privateKey: collector.privateKey, signingKeyId: keyId(collector.publicKey) };
const alert: Alert = { id: '01j0000000000000000000000a', severity: Severity.HIGH, title: 'SSH brute force', count: 3 };

describe('an alert on NATS', () => {
  it('is read as the collector signed it', () => {
    expect(verifyAlert(signAlert(alert, signer), collector.publicKey)).toMatchObject(alert);
  });

  it('is read alike where it was signed beside the main thread', async () => {
    expect(verifyAlert(await signAlertAside(alert, signer), collector.publicKey)).toMatchObject(alert);
  });

  const signed = signAlert(alert, signer);
  const forgedText = Alert.encode({ ...alert, severity: Severity.LOW }).finish();
  const cases: [string, SignedAlert][] = [
    ['whose text was changed', { ...signed, alert: forgedText }],
    ['without a signature', { ...signed, signature: new Uint8Array() }],
    ['without anything', {}],
    ['that names another key', { ...signed, signingKeyId: keyId(stranger.publicKey) }],
    ['signed by a stranger who names our key', { ...signAlert(alert, { ...signer, privateKey: stranger.privateKey }) }],
  ];
  it.each(cases)('%s is refused', (_name, message) => {
    expect(() => verifyAlert(message, collector.publicKey)).toThrow(
      expect.objectContaining({ code: 'signature_invalid' }),
    );
  });
});
