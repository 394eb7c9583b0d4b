// An import as it streams in. A console that goes away before the end leaves everything as it was.

import { type handleBidiStreamingCall, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { ImportIntelRequest, ImportIntelResponse, IntelImport, IntelReport } from '@threatguard/proto';
import { suggest } from '@threatguard/proto';
import { parseTlp, TLPS } from '../detect/intel/indicator.ts';
import type { ImportReport, ImportRequest, IntelLibrary } from '../detect/intel/intel-library.ts';
import { FEED_BYTES_MAX, FEED_FORMATS } from '../detect/intel/read-feed.ts';
import { type CallFrom, callFrom } from '../ingest/call-from.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import { ApiError, toStatus } from './grpc-status.ts';

/** At one time; each may hold a whole feed in memory. */
const IMPORTS_MAX = 2;
/** The console is told how much came after so many bytes. */
const PROGRESS_BYTES = 4 * 1024 * 1024;
/** Whoever sends nothing for so long does not come back. */
const SILENCE_MS_MAX = 60_000;

type Call = ServerDuplexStream<ImportIntelRequest, ImportIntelResponse>;

export function importIntel(parts: {
  library: IntelLibrary;
  actor: (from: CallFrom) => AuditActor;
  failed: (error: unknown) => void;
}): handleBidiStreamingCall<ImportIntelRequest, ImportIntelResponse> {
  let running = 0;
  return (call) => {
    const end = (error: unknown) => {
      if (call.cancelled) return;
      const known = toStatus(error);
      if (!known) parts.failed(error);
      call.emit('error', known ?? { code: status.INTERNAL, details: 'the collector failed; its log says why' });
    };
    if (running >= IMPORTS_MAX) {
      end(new ApiError('rate_limited', `${IMPORTS_MAX} imports are under way already; try again in a while`));
      return;
    }
    running++;
    takeImport(parts, call)
      .then(() => call.end(), end)
      .finally(() => running--);
  };
}

async function takeImport(
  { library, actor }: { library: IntelLibrary; actor: (from: CallFrom) => AuditActor },
  call: Call,
): Promise<void> {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  const by = actor(callFrom(call));
  const { first, bytes } = await receive(call, gone);
  call.write({ stage: 'reading', bytes: bytes.length });
  const report = await library.import({ ...readImport(first), bytes }, by, gone.signal);
  call.write({ stage: 'done', bytes: bytes.length, report: describeReport(report) });
}

async function receive(call: Call, gone: AbortController): Promise<{ first: IntelImport; bytes: Uint8Array }> {
  let first: IntelImport | undefined;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let told = 0;
  let whole = false;
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    call.destroy();
  }, SILENCE_MS_MAX);
  try {
    // The call goes on when this ends: the answer is still to come.
    for await (const request of call.iterator({ destroyOnReturn: false }) as AsyncIterable<ImportIntelRequest>) {
      timer.refresh();
      if (request.import) {
        first = request.import;
        readImport(first);
      }
      const { data } = request;
      if (data?.length) {
        bytes += data.length;
        if (bytes > FEED_BYTES_MAX) {
          throw new ApiError(
            'invalid',
            `larger than ${FEED_BYTES_MAX >> 20} MiB; split it, or import it as a plain list`,
          );
        }
        parts.push(Uint8Array.from(data));
      }
      whole = request.end === true;
      if (whole) break;
      if (bytes - told >= PROGRESS_BYTES) {
        told = bytes;
        call.write({ stage: 'receiving', bytes });
      }
    }
  } finally {
    clearTimeout(timer);
  }
  gone.signal.throwIfAborted();
  if (silent || !whole || !first) throw new ApiError('invalid', 'the file did not come whole; nothing was changed');
  return { first, bytes: Buffer.concat(parts) };
}

function readImport(asked: IntelImport): Omit<ImportRequest, 'bytes'> {
  const { format = '', tlp = '', confidence, mapping = '', subdomains } = asked;
  const known = FEED_FORMATS.find((each) => each === format);
  if (format !== '' && !known)
    throw new ApiError('invalid', `there is no format "${format}"${suggest(format, FEED_FORMATS)}`);
  const marking = parseTlp(tlp);
  if (tlp !== '' && !marking) throw new ApiError('invalid', `"${tlp}" is none of TLP; they are ${TLPS.join(', ')}`);
  if (confidence !== undefined && confidence !== null && confidence > 100) {
    throw new ApiError('invalid', 'a confidence is from 0 to 100');
  }
  return {
    source: asked.source ?? '',
    options: { format: known, mapping: mapping || undefined, subdomains: subdomains ?? undefined },
    confidence: confidence ?? undefined,
    tlp: marking,
    expiresSeconds: asked.expiresSeconds || undefined,
    replace: asked.replace ?? false,
    dryRun: asked.dryRun ?? false,
  };
}

export function describeReport({ source, format, counts, refusals, indicators, fresh }: ImportReport): IntelReport {
  return { source, format, ...counts, indicators, fresh, refusals: refusals.map((refusal) => ({ ...refusal })) };
}
