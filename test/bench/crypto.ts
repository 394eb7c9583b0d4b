// What ThreatGuard's cryptography costs: sign, verify, seal and open per second, for each provider and profile, beside bare
// node:crypto with the same keys. Run: npm run bench:crypto [-- --seconds N]. The last line is one JSON object.
import { decapsulate, encapsulate, type KeyObject, sign, verify } from 'node:crypto';
import { parseArgs } from 'node:util';
import {
  activeProvider,
  decodePayload,
  openEnvelope,
  PROFILES,
  PROVIDER_NAMES,
  type ProfileName,
  sealEnvelope,
  selectCrypto,
  signBytes,
  verifyBytes,
  verifyEnvelope,
} from '@threatguard/proto';
import { makeEnvelopeKeys, newStream, processEvents } from '../support/envelopes.ts';
import { printFigure, printResult, round } from './report.ts';

/** As an agent on a busy host seals them. */
const EVENTS = 200;
/** About an envelope's header. */
const MESSAGE = Buffer.alloc(1_700, 7);
const CONTEXT = Buffer.from('threatguard/batch/v1');

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '2' } } });
const secondsEach = Number(values.seconds);
const result: Record<string, number> = {};

/** Runs `work` for the time each figure gets, after one run that is not counted. */
function measure(key: string, work: () => unknown): number {
  work();
  const startedAt = performance.now();
  let runs = 0;
  let seconds = 0;
  do {
    work();
    runs += 1;
    seconds = (performance.now() - startedAt) / 1000;
  } while (seconds < secondsEach);
  result[key] = round(runs / seconds, 0);
  return result[key];
}

function measureBare(profile: ProfileName, keys: { signing: KeyPair; kem: KeyPair }): void {
  const { signing, kem } = keys;
  const signature = sign(null, MESSAGE, { key: signing.privateKey, context: CONTEXT });
  const { ciphertext } = encapsulate(kem.publicKey);
  const figures = {
    sign: () => sign(null, MESSAGE, { key: signing.privateKey, context: CONTEXT }),
    verify: () => verify(null, MESSAGE, { key: signing.publicKey, context: CONTEXT }, signature),
    encapsulate: () => encapsulate(kem.publicKey),
    decapsulate: () => decapsulate(kem.privateKey, ciphertext),
  };
  for (const [name, work] of Object.entries(figures)) print(`bare ${profile} ${name}`, work);
}

type KeyPair = { privateKey: KeyObject; publicKey: KeyObject };

function measureOurs(profile: ProfileName, keys: { signing: KeyPair; kem: KeyPair }): void {
  const name = `${activeProvider().name} ${profile}`;
  const { privateKey, publicKey } = keys.signing;
  const signature = signBytes({ message: MESSAGE, privateKey, purpose: 'batch' });
  print(`${name} sign`, () => signBytes({ message: MESSAGE, privateKey, purpose: 'batch' }));
  print(`${name} verify`, () => verifyBytes({ message: MESSAGE, signature, publicKey, purpose: 'batch' }));
  const envelope = makeEnvelopeKeys(undefined, PROFILES[profile]);
  const parts = { events: processEvents(EVENTS), losses: [], identity: envelope.identity, kemKey: envelope.kemKey };
  const seal = () => sealEnvelope({ ...parts, previous: newStream(), nowUs: 1_790_000_000_000_000 });
  const { bytes } = seal();
  print(`${name} seal`, seal);
  print(`${name} open`, () => {
    const verified = verifyEnvelope(bytes, envelope.signer);
    return decodePayload(openEnvelope(verified, envelope.kemPrivateKey), verified.header);
  });
}

function print(name: string, work: () => unknown): void {
  printFigure(name, `${measure(name.replaceAll(' ', '.'), work)}/s`);
}

console.log(`seal and open are whole envelopes of ${EVENTS} events: zstd, AES-256-GCM and protobuf included`);
for (const profile of Object.keys(PROFILES) as ProfileName[]) {
  await selectCrypto({ provider: 'openssl', profile });
  const keys = {
    signing: activeProvider().generate(PROFILES[profile].signature),
    kem: activeProvider().generate(PROFILES[profile].kem),
  };
  measureBare(profile, keys);
  for (const provider of PROVIDER_NAMES) {
    await selectCrypto({ provider });
    measureOurs(profile, keys);
  }
}
printResult(result);
