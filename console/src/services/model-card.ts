import { type GetModelResponse, verifyBytes } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import { trustedSigningKey } from '../client/collector-key.ts';
import { ConsoleError } from '../model/console-error.ts';

/** The card of a version of a model, 0 for the one in use, else the newest; `refused` where the collector did not sign it. */
export async function verifiedCard(
  client: Pick<CollectorClient, 'getModel'>,
  ca: string,
  { name, version }: { name: string; version: number },
): Promise<GetModelResponse> {
  const found = await client.getModel(name, version);
  const publicKey = trustedSigningKey({
    certificate: found.certificate ?? new Uint8Array(),
    ca,
    // The key it was signed with then may be none of now.
    nowMs: (found.model?.trainedAtUs ?? 0) / 1000,
  });
  const message = Buffer.from(found.card ?? '');
  if (!verifyBytes({ message, signature: found.signature ?? new Uint8Array(), publicKey, purpose: 'model' })) {
    throw new ConsoleError('refused', 'the card of this model was not signed by the collector');
  }
  return found;
}
