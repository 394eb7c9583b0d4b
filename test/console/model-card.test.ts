import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GetModelResponse } from '@threatguard/proto';
import { signBytes } from '@threatguard/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifiedCard } from '../../console/src/services/model-card.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';

const CARD = '{"name":"isolation-forest","version":3}';
let server: FakeConsoleServer;
let signed: GetModelResponse;
const show = (answer: GetModelResponse) => {
  const ca = readFileSync(join(server.home, 'console', 'ca.crt'), 'utf8');
  return verifiedCard({ getModel: async () => answer }, ca, { name: 'isolation-forest', version: 3 });
};

beforeAll(async () => {
  server = await FakeConsoleServer.start();
  const { privateKey } = server.signer;
  signed = {
    model: { name: 'isolation-forest', version: 3, trainedAtUs: Date.now() * 1000 },
    card: CARD,
    signature: signBytes({ message: Buffer.from(CARD), privateKey, purpose: 'model' }),
    certificate: server.certificate.raw,
  };
});
afterAll(() => server?.[Symbol.asyncDispose]());

it('the card of a model is shown where the collector signed it', async () => {
  expect((await show(signed)).card).toBe(CARD);
});

it.each<[string, () => GetModelResponse]>([
  ['another card under its signature', () => ({ ...signed, card: CARD.replace('3', '4') })],
  ['a signature that is cut short', () => ({ ...signed, signature: signed.signature!.slice(1) })],
  ['no signature', () => ({ ...signed, signature: new Uint8Array() })],
  [
    'a signature for another purpose',
    () => ({
      ...signed,
      signature: signBytes({ message: Buffer.from(CARD), privateKey: server.signer.privateKey, purpose: 'alert' }),
    }),
  ],
])('and is refused with %s', async (_, answer) => {
  await expect(show(answer())).rejects.toMatchObject({ code: 'refused' });
});
