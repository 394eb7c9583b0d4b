// A model on disk: its card, the collector's signature over the card, and what was trained, whose digest the card has.
//
// Form: MAGIC, then three parts, each with its length before it (uint32, little endian): card (JSON, UTF-8), signature (ML-DSA,
// context threatguard/model/v1), body (v8.serialize). Nothing of the body is read before the signature and its digest are right.

import type { KeyObject } from 'node:crypto';
import { sha256, verifyBytes } from '@threatguard/proto';
import { ModelError } from './model-error.ts';

const MAGIC = Buffer.from('TGMODEL1');
/** Of a file: four forests, four samples for densities and four networks are some 10 MiB. */
export const FILE_BYTES_MAX = 256 * 1024 * 1024;

export interface ModelCard {
  name: string;
  version: number;
  trainedAtUs: number;
  seed: number;
  featuresVersion: number;
  features: readonly string[];
  /** Rows of which kind it was trained from, and from when to when they are. */
  data: { fromUs: number; toUs: number; rows: Record<string, number> };
  parameters: Record<string, number | string>;
  /** Of models about hours alertsLastWeek, alertsAllowed and hoursLastWeek. */
  metrics: Record<string, number>;
  /** SHA-256 of the body, hex. */
  digest: string;
  /** And of each ONNX model the body carries, by what it is about; none of a model ONNX has no form for. */
  onnx?: Record<string, string>;
}

export function encodeCard(card: ModelCard): Buffer {
  return Buffer.from(JSON.stringify(card));
}

export function encodeModelFile(parts: { card: Uint8Array; signature: Uint8Array; body: Uint8Array }): Buffer {
  const pieces: Uint8Array[] = [MAGIC];
  for (const part of [parts.card, parts.signature, parts.body]) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(part.length);
    pieces.push(length, part);
  }
  return Buffer.concat(pieces);
}

/** The card and the body of a file that is what this collector signed under this name; throws ModelError otherwise. */
export function openModelFile(
  bytes: Buffer,
  expected: { name: string; version: number; featuresVersion: number; publicKey: KeyObject },
): { card: ModelCard; body: Buffer } {
  const { card: cardBytes, signature, body } = splitFile(bytes);
  if (!verifyBytes({ message: cardBytes, signature, publicKey: expected.publicKey, purpose: 'model' })) {
    throw new ModelError('signature', 'this model was not signed by this collector; train it again');
  }
  const card = JSON.parse(cardBytes.toString('utf8')) as ModelCard;
  if (sha256(body).toString('hex') !== card.digest) {
    throw new ModelError('digest', 'this model is not what its card describes; train it again');
  }
  if (card.name !== expected.name || card.version !== expected.version) {
    const text = `this file is ${card.name} ${card.version}, not ${expected.name} ${expected.version}`;
    throw new ModelError('mismatch', text);
  }
  if (card.featuresVersion !== expected.featuresVersion) {
    throw new ModelError(
      'mismatch',
      'this model was trained from other features than this release has; train it again',
    );
  }
  return { card, body };
}

function splitFile(bytes: Buffer): { card: Buffer; signature: Buffer; body: Buffer } {
  const parts: Buffer[] = [];
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new ModelError('malformed', 'this is no model file');
  let at = MAGIC.length;
  for (let part = 0; part < 3; part++) {
    const length = at + 4 <= bytes.length ? bytes.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length) throw new ModelError('malformed', 'this model file is cut short');
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  if (at !== bytes.length) throw new ModelError('malformed', 'this model file has more than a model');
  const [card, signature, body] = parts as [Buffer, Buffer, Buffer];
  return { card, signature, body };
}
