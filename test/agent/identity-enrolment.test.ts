import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { formatJoinToken } from '@threatguard/proto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { enrol, parseAddress } from '../../agent/src/identity/enrol.ts';
import { readIdentity, saveKemKey } from '../../agent/src/identity/identity-files.ts';
import { FakeCollector, TOKEN_ID, TOKEN_SECRET } from '../support/fake-collector.ts';
import { ROOT } from '../support/source-files.ts';

let collector: FakeCollector;
let home: string;

beforeAll(async () => {
  collector = await FakeCollector.start();
});
afterAll(() => collector[Symbol.asyncDispose]());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tg-enrol-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
  collector.enrolmentError = undefined;
  collector.alterEnrolment = (answer) => answer;
});

const options = (overrides: object = {}) => ({
  home,
  collector: collector.address,
  token: collector.token,
  name: 'web-1',
  machineId: 'm1',
  force: false,
  ...overrides,
});

async function refusal(overrides: object = {}): Promise<{ code: string; message: string }> {
  return enrol(options(overrides)).then(
    () => ({ code: 'none', message: '' }),
    (error) => ({ code: error.code, message: error.message }),
  );
}

describe('enrolment', () => {
  test('gives an identity that can be read back, with keys made here and readable by their owner only', async () => {
    const { agentId, name } = await enrol(options());
    const identity = readIdentity(home);
    expect(identity).toMatchObject({ agentId, name: 'web-1', collector: collector.address, kemKey: { epoch: 1 } });
    expect(name).toBe('web-1');
    const files = readdirSync(join(home, 'identity'));
    expect(files.sort()).toEqual(['agent.crt', 'agent.key', 'ca.crt', 'enrolment.json', 'kem-key.bin']);
    for (const file of files) expect(statSync(join(home, 'identity', file)).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'identity')).mode & 0o777).toBe(0o700);
    expect(collector.enrolments.at(-1)).toMatchObject({
      tokenId: TOKEN_ID,
      tokenSecret: TOKEN_SECRET,
      hostName: 'web-1',
    });
  });

  test('a second time continues only with --force, as a new agent, and keeps the former identity beside it', async () => {
    const first = await enrol(options());
    expect(await refusal()).toMatchObject({ code: 'already_enrolled', message: expect.stringContaining('--force') });
    const second = await enrol(options({ force: true }));
    expect(second.agentId).not.toBe(first.agentId);
    expect(readIdentity(home).agentId).toBe(second.agentId);
    expect(JSON.parse(readFileSync(join(home, 'identity.old', 'enrolment.json'), 'utf8')).agentId).toBe(first.agentId);
  });

  test('one that fails with --force leaves the present identity as it was', async () => {
    const { agentId } = await enrol(options());
    collector.enrolmentError = { code: status.PERMISSION_DENIED, details: 'used up' };
    expect(await refusal({ force: true })).toMatchObject({ code: 'token_refused' });
    expect(readIdentity(home).agentId).toBe(agentId);
  });
});

describe('refusals, each saying what to do next', () => {
  test.each([
    ['a cut-off token', (token: string) => token.slice(0, -5), 'agents token create'],
    ['an empty token', () => '', 'agents token create'],
    ['another kind of text', () => 'hunter2', 'tg1.'],
  ])('%s', async (_name, cut, advice) => {
    expect(await refusal({ token: cut(collector.token) })).toEqual({
      code: 'token_malformed',
      message: expect.stringContaining(advice),
    });
    expect(existsSync(join(home, 'identity.new'))).toBe(false);
  });

  test('a server of another CA than the token names: nothing is sent to it', async () => {
    const before = collector.enrolments.length;
    const token = formatJoinToken({ id: TOKEN_ID, secret: TOKEN_SECRET, caSha256: 'a'.repeat(64) });
    expect(await refusal({ token })).toEqual({
      code: 'pin_mismatch',
      message: expect.stringContaining('check the address'),
    });
    expect(collector.enrolments.length).toBe(before);
  });

  test('nothing listens there', async () => {
    expect(await refusal({ collector: '127.0.0.1:1' })).toEqual({
      code: 'collector_unreachable',
      message: expect.stringContaining('check the address'),
    });
  });

  test('what listens there does not speak TLS', async () => {
    const server = createServer((socket) => socket.end('220 smtp\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await refusal({ collector: `127.0.0.1:${port}` })).toMatchObject({ code: 'collector_unreachable' });
    server.close();
  });

  test.each([
    ['expired or used up', status.PERMISSION_DENIED],
    ['unknown', status.UNAUTHENTICATED],
  ])('a token that is %s', async (_name, code) => {
    collector.enrolmentError = { code, details: 'the token is not valid any more' };
    expect(await refusal()).toEqual({ code: 'token_refused', message: expect.stringContaining('agents token create') });
    expect(existsSync(join(home, 'identity'))).toBe(false);
  });

  test.each([
    ['a collector that is stopping', { code: status.UNAVAILABLE, details: 'stopping' }, 'collector_unreachable'],
    ['a collector that fails', { code: status.INTERNAL, details: 'bug' }, 'answer_invalid'],
  ])('%s', async (_name, error, code) => {
    collector.enrolmentError = error;
    expect(await refusal()).toMatchObject({ code });
  });

  test.each<[string, Parameters<typeof alter>[0]]>([
    ['no certificate', () => ({ certificate: new Uint8Array() })],
    ['a certificate for another key', (answer) => ({ certificate: answer.caCertificate })],
    ['a name that is not the one in the certificate', () => ({ agentId: 'somebody' })],
    ['no ML-KEM key', () => ({ kemKey: null })],
    [
      'an ML-KEM key with an altered signature',
      (answer) => ({ kemKey: { ...answer.kemKey, signature: Buffer.alloc(3309) } }),
    ],
  ])('an answer with %s', async (_name, change) => {
    alter(change);
    expect(await refusal()).toMatchObject({ code: 'answer_invalid' });
    expect(existsSync(join(home, 'identity'))).toBe(false);
  });

  test("an answer with another agent's certificate, valid in itself", async () => {
    let other: Awaited<ReturnType<typeof collector.alterEnrolment>> | undefined;
    collector.alterEnrolment = (answer) => {
      other = answer;
      return answer;
    };
    await enrol(options());
    alter(() => ({ certificate: other!.certificate, agentId: other!.agentId }));
    expect(await refusal({ force: true })).toEqual({
      code: 'answer_invalid',
      message: expect.stringContaining('another key'),
    });
  });

  test.each(['', 'host', 'host:', 'host:0', 'host:70000', 'a b:1', 'http://x:1'])('"%s" as address', (text) => {
    expect(() => parseAddress(text)).toThrow('HOST:PORT');
  });
  test('addresses of both families are understood', () => {
    expect(parseAddress('c.example.net:7443')).toEqual({ host: 'c.example.net', port: 7443 });
    expect(parseAddress('[::1]:7443')).toEqual({ host: '::1', port: 7443 });
  });
});

function alter(change: (answer: Awaited<ReturnType<typeof collector.alterEnrolment>>) => object) {
  collector.alterEnrolment = (answer) => ({ ...answer, ...change(answer) });
}

describe('an identity on disk', () => {
  test('that is not there says how to enroll', () => {
    expect(() => readIdentity(home)).toThrow(expect.objectContaining({ code: 'not_enrolled' }));
  });

  test.each(['agent.key', 'agent.crt', 'ca.crt', 'kem-key.bin', 'enrolment.json'])(
    'with a damaged %s is refused',
    async (file) => {
      await enrol(options());
      writeFileSync(join(home, 'identity', file), 'garbage');
      expect(() => readIdentity(home)).toThrow(expect.objectContaining({ code: 'identity_damaged' }));
    },
  );

  test('keeps the newest ML-KEM key', async () => {
    await enrol(options());
    collector.epoch = 2;
    saveKemKey(home, collector.kemKey);
    collector.epoch = 1;
    expect(readIdentity(home).kemKey.epoch).toBe(2);
  });
});

test.each([
  ['127.0.0.1:1', 3, 'check the address'],
  ['127.0.0.1', 1, 'is not HOST:PORT'],
])('the command for a collector at %s ends with %i', (address, code, message) => {
  const program = join(ROOT, 'agent', 'bin', 'threatguard-agent.js');
  const words = ['enroll', '--collector', address, '--token', collector.token, '--home', home];
  const { status: ended, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
  expect({ ended, stderr }).toEqual({ ended: code, stderr: expect.stringContaining(message) });
});
