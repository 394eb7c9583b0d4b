import { type handleServerStreamingCall, type ServerWritableStream, status } from '@grpc/grpc-js';
import { type CallFrom, callFrom } from '../ingest/call-from.ts';
import { ApiError, toStatus } from './grpc-status.ts';

/**
 * A method that answers with a row of messages, no faster than they are taken, at most `atOnce` of them at a time. Ends with
 * the status of what `answer` throws; a bug is told to `failed`.
 */
export function streamOut<Request, Response>(
  answer: (request: Request, from: CallFrom, gone: () => boolean) => AsyncIterable<Response>,
  { atOnce, failed }: { atOnce: number; failed: (error: unknown) => void },
): handleServerStreamingCall<Request, Response> {
  let running = 0;
  return (call) => {
    if (running >= atOnce) {
      const busy = new ApiError('rate_limited', `${atOnce} of these are under way already; try again in a while`);
      call.emit('error', toStatus(busy));
      return;
    }
    running++;
    writeAll(
      call,
      answer(call.request, callFrom(call), () => call.cancelled),
    )
      .then(
        () => call.end(),
        (error) => {
          const known = toStatus(error);
          if (!known) failed(error);
          if (call.cancelled) return;
          call.emit('error', known ?? { code: status.INTERNAL, details: 'the collector failed; its log says why' });
        },
      )
      .finally(() => running--);
  };
}

async function writeAll<Response>(
  call: ServerWritableStream<unknown, Response>,
  messages: AsyncIterable<Response>,
): Promise<void> {
  for await (const message of messages) {
    if (call.cancelled) return;
    if (!call.write(message)) await untilDrained(call);
  }
}

function untilDrained(call: ServerWritableStream<unknown, unknown>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off('drain', done);
      call.off('cancelled', done);
      resolve();
    };
    call.on('drain', done);
    call.on('cancelled', done);
    if (call.cancelled) done();
  });
}
