import { Client, credentials, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { consoleService, type SearchEventsRequest, type SearchEventsResponse } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unary } from '../../collector/src/api/grpc-status.ts';
import { StoreError, type StoreErrorCode } from '../../collector/src/store/store-error.ts';
import { until } from '../support/until.ts';

const { searchEvents } = consoleService;
let answer: (signal: AbortSignal) => Promise<SearchEventsResponse>;
let server: Server;
let client: Client;

beforeAll(async () => {
  server = new Server();
  const service = { searchEvents };
  server.addService(service, {
    searchEvents: unary(
      (_: SearchEventsRequest, __, signal) => answer(signal),
      () => undefined,
    ),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

function call(deadlineMs = 10_000) {
  const { promise, resolve, reject } = Promise.withResolvers<SearchEventsResponse>();
  const made = client.makeUnaryRequest<SearchEventsRequest, SearchEventsResponse>(
    searchEvents.path,
    searchEvents.requestSerialize,
    searchEvents.responseDeserialize,
    {},
    { deadline: Date.now() + deadlineMs },
    (error, response) => (error ? reject(error) : resolve(response!)),
  );
  return { promise, cancel: () => made.cancel() };
}

describe('a read of the store', () => {
  it.each<[StoreErrorCode, status, RegExp]>([
    ['timed_out', status.DEADLINE_EXCEEDED, /^ask for less$/],
    ['cancelled', status.CANCELLED, /^ask for less$/],
    ['rejected', status.INVALID_ARGUMENT, /^ask for less$/],
    ['unavailable', status.UNAVAILABLE, /try again$/],
  ])('that ends as %s is answered as status %d, with what to do', async (code, expected, details) => {
    answer = () => Promise.reject(new StoreError(code, 'ask for less'));
    await expect(call().promise).rejects.toMatchObject({ code: expected, details: expect.stringMatching(details) });
  });

  it.each([
    ['cancels its call', (made: ReturnType<typeof call>) => made.cancel(), 10_000, status.CANCELLED],
    ['has waited as long as it wanted to', () => undefined, 300, status.DEADLINE_EXCEEDED],
  ])('is told when the console %s', async (_, leave, deadlineMs, expected) => {
    let seen: AbortSignal | undefined;
    answer = (signal) => {
      seen = signal;
      return new Promise(() => undefined);
    };
    const made = call(deadlineMs);
    const ended = expect(made.promise).rejects.toMatchObject({ code: expected });
    await until(() => seen !== undefined, { limitMs: 5_000, what: 'the call' });
    leave(made);
    await ended;
    await until(() => seen?.aborted === true, { limitMs: 5_000, what: 'the signal' });
  });
});
