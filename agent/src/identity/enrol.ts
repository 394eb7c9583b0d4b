// Enrolment: a join token buys a certificate. The order is the protocol:
//   token whole? -> CA fetched and held against the token's pin -> key of its profile made and on disk -> request over a
//   connection that trusts only that CA -> CAs that follow it, as far as it vouches for them -> answer held against our key,
//   these CAs and itself -> identity put in place.
import { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { Client, type ServiceError, status } from '@grpc/grpc-js';
import {
  type EnrolResponse,
  enrolmentService,
  extendTrust,
  issuerOf,
  parseJoinToken,
  parsePeerName,
  profileOfCa,
  selectCrypto,
  verifyKemKey,
} from '@threatguard/proto';
import { channelOptionsFor, collectorCredentials } from '@threatguard/proto/client';
import { EnrolError } from './enrol-error.ts';
import { beginIdentity, type Enrolment, finishIdentity, identityDirectory, isEnrolled } from './identity-files.ts';
import { makeKey } from './keys.ts';
import { fetchPinnedCa } from './pinned-ca.ts';

const ANSWER_MS_MAX = 20_000;
const NEW_TOKEN = 'make a new one with "threatguard agents token create"';

export interface EnrolOptions {
  home: string;
  /** HOST:PORT */
  collector: string;
  token: string;
  /** What operators call this host; its host name unless given. */
  name?: string | undefined;
  machineId: string;
  /** Of this boot: tells that an agent which is connected is this very host. */
  bootId?: string;
  force: boolean;
  /** Of a host that does not exist; only a collector for demonstrations takes it. */
  demo?: boolean;
}

/** Enrols this host and writes its identity. Throws EnrolError; the present identity then stays as it was. */
export async function enrol(options: EnrolOptions): Promise<Enrolment> {
  if (isEnrolled(options.home) && !options.force) {
    throw new EnrolError(
      'already_enrolled',
      `${identityDirectory(options.home)} holds an identity already; run it, or enroll as a new agent with --force`,
    );
  }
  const token = parseJoinToken(options.token);
  if (!token) {
    throw new EnrolError('token_malformed', `this is not a whole join token (tg1.…); paste all of it, or ${NEW_TOKEN}`);
  }
  const address = parseAddress(options.collector);
  const name = options.name ?? hostname();
  const ca = await fetchPinnedCa(address, token.caSha256);
  const profile = profileOfCa(ca.publicKey);
  if (!profile)
    throw new EnrolError('answer_invalid', "the collector's CA has a key this agent does not know; update it");
  await selectCrypto({ profile: profile.name });
  const key = await makeKey(name);
  beginIdentity(options.home, key.privateKeyPem);
  const answer = await requestCertificate(options.collector, ca, {
    tokenId: token.id,
    tokenSecret: token.secret,
    certificateRequest: key.certificateRequest,
    hostName: name,
    machineId: options.machineId,
    bootId: options.bootId ?? '',
    demo: options.demo ?? false,
  });
  const anchors = extendTrust([ca], answer.trustAnchors ?? {});
  const certificate = checkAnswer(answer, { anchors, publicKeyDer: key.publicKeyDer });
  const enrolment = { agentId: answer.agentId ?? '', name: answer.agentName || name, collector: options.collector };
  finishIdentity(options.home, {
    certificatePem: certificate.toString(),
    caPem: anchors.map(String).join(''),
    kemKey: answer.kemKey!,
    enrolment,
  });
  return enrolment;
}

/** HOST:PORT or [V6]:PORT. */
export function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) {
    throw new EnrolError('address_malformed', `"${text}" is not HOST:PORT; for example collector.example.net:7443`);
  }
  return { host: (match[1] ?? match[2])!, port };
}

function requestCertificate(
  collector: string,
  ca: X509Certificate,
  request: Parameters<typeof enrolmentService.enrol.requestSerialize>[0],
): Promise<EnrolResponse> {
  const trust = { ca: ca.toString() };
  const client = new Client(collector, collectorCredentials(trust), channelOptionsFor(trust));
  const { path, requestSerialize, responseDeserialize } = enrolmentService.enrol;
  return new Promise<EnrolResponse>((resolve, reject) => {
    const deadline = Date.now() + ANSWER_MS_MAX;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, (error, answer) => {
      if (answer) resolve(answer);
      else reject(toEnrolError(error, collector));
    });
  }).finally(() => client.close());
}

function toEnrolError(error: ServiceError | null, collector: string): EnrolError {
  const why = error?.details || 'no reason given';
  switch (error?.code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
      return new EnrolError(
        'collector_unreachable',
        `the collector at ${collector} did not answer (${why}); try again`,
      );
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
    case status.NOT_FOUND:
    case status.FAILED_PRECONDITION:
      return new EnrolError('token_refused', `the collector refused this token (${why}); ${NEW_TOKEN}`);
    default:
      return new EnrolError('answer_invalid', `the collector could not enrol this host (${why}); see its log`);
  }
}

function checkAnswer(
  answer: EnrolResponse,
  ours: { anchors: readonly X509Certificate[]; publicKeyDer: Buffer },
): X509Certificate {
  const refuse = (what: string) =>
    new EnrolError('answer_invalid', `the collector's answer is not usable: ${what}; look for its version and its log`);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(answer.certificate ?? new Uint8Array());
    verifyKemKey(answer.kemKey ?? {}, ours.anchors);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  if (!certificate.publicKey.export({ type: 'spki', format: 'der' }).equals(ours.publicKeyDer)) {
    throw refuse('the certificate is for another key');
  }
  if (!issuerOf(certificate, ours.anchors)) {
    throw refuse('the certificate is of another CA');
  }
  const peer = parsePeerName(certificate.subjectAltName);
  if (peer?.kind !== 'agent' || peer.id !== answer.agentId) throw refuse('the certificate names somebody else');
  return certificate;
}
