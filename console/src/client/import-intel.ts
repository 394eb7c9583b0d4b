import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import {
  type ImportIntelRequest,
  type ImportIntelResponse,
  type IntelImport,
  type IntelReport,
  intelService,
} from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';
import type { Connection } from './connection.ts';
import { toConsoleError } from './rpc-error.ts';

/** Of a file in one message. */
const IMPORT_PART_BYTES = 256 * 1024;

export interface ImportOptions {
  signal: AbortSignal;
  onProgress(stage: string, bytes: number): void;
}

/** Resolves when the collector has it. When the signal fires before, nothing has changed. */
export async function importIntel(
  connection: Connection,
  request: IntelImport,
  parts: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<IntelReport> {
  const stream = connection.open(intelService.importIntel);
  let report: IntelReport | undefined;
  const answered = new Promise<void>((resolve, reject) => {
    stream.on('data', (answer: ImportIntelResponse) => {
      if (answer.report) report = answer.report;
      else if (answer.stage === 'reading') options.onProgress('reading', answer.bytes ?? 0);
    });
    stream.on('error', (error: ServiceError) => {
      if (options.signal.aborted) reject(new ConsoleError('failure', 'the import was stopped; nothing was changed'));
      else reject(toConsoleError(error, connection.address));
    });
    stream.on('end', resolve);
  });
  const cancel = () => stream.cancel();
  options.signal.addEventListener('abort', cancel, { once: true });
  try {
    if (options.signal.aborted) cancel();
    // What it refuses is refused while we still send.
    await Promise.race([answered, sendParts(stream, request, parts, options)]);
    await answered;
  } finally {
    options.signal.removeEventListener('abort', cancel);
    cancel();
  }
  if (report) return report;
  throw new ConsoleError('failure', 'the collector ended the import without a word');
}

/** First what it is, then its bytes, no faster than they are taken, then that they were all. */
async function sendParts(
  stream: ClientDuplexStream<ImportIntelRequest, ImportIntelResponse>,
  request: IntelImport,
  parts: AsyncIterable<Uint8Array>,
  { onProgress }: ImportOptions,
): Promise<void> {
  let bytes = 0;
  const send = async (message: ImportIntelRequest) => {
    if (!stream.write(message) && !stream.destroyed) {
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve);
        stream.once('close', resolve);
      });
    }
  };
  await send({ import: request });
  for await (const part of parts) {
    for (let at = 0; at < part.length; at += IMPORT_PART_BYTES) {
      await send({ data: part.subarray(at, at + IMPORT_PART_BYTES) });
    }
    bytes += part.length;
    onProgress('sending', bytes);
  }
  await send({ end: true });
  stream.end();
}
