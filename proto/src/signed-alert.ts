import type { KeyObject } from 'node:crypto';
import { RefusalError } from './refusal.ts';
import { keyId, signBytes, signBytesAside, verifyBytes } from './signature.ts';
import { Alert, type SignedAlert } from './v1.ts';

export interface AlertKey {
  privateKey: KeyObject;
  signingKeyId: Uint8Array;
}

/** Signs an alert for NATS. The encoded alert travels inside, so what is verified is what is decoded. */
export function signAlert(alert: Alert, { privateKey, signingKeyId }: AlertKey): SignedAlert {
  const bytes = Alert.encode(alert).finish();
  return { alert: bytes, signature: signBytes({ message: bytes, privateKey, purpose: 'alert' }), signingKeyId };
}

/** The same, with the signature made in a thread of Node's pool. */
export async function signAlertAside(alert: Alert, { privateKey, signingKeyId }: AlertKey): Promise<SignedAlert> {
  const bytes = Alert.encode(alert).finish();
  const signature = await signBytesAside({ message: bytes, privateKey, purpose: 'alert' });
  return { alert: bytes, signature, signingKeyId };
}

/** The alert, once its signature is one of the collector's key. Throws RefusalError `signature_invalid` otherwise. */
export function verifyAlert(signed: SignedAlert, collectorKey: KeyObject): Alert {
  const bytes = signed.alert ?? new Uint8Array();
  const signature = signed.signature ?? new Uint8Array();
  const sameKey = Buffer.compare(signed.signingKeyId ?? new Uint8Array(), keyId(collectorKey)) === 0;
  if (!sameKey || !verifyBytes({ message: bytes, signature, publicKey: collectorKey, purpose: 'alert' })) {
    throw new RefusalError('signature_invalid', 'this alert was not signed by the collector');
  }
  return Alert.decode(bytes);
}
