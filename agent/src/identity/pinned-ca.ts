import type { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { caServerName, keyId, TLS_POLICY } from '@threatguard/proto';
import { EnrolError } from './enrol-error.ts';

const CONNECT_MS_MAX = 10_000;
/** Certificates of a chain that are looked at; a fleet's chain has two. */
const CHAIN_MAX = 8;

/**
 * The CA certificate whose key the token pins, out of the chain this server sends. The connection serves for that only:
 * nothing is believed about its other end and nothing is written to it. Throws EnrolError (`collector_unreachable`,
 * `pin_mismatch`).
 */
export async function fetchPinnedCa(
  address: { host: string; port: number },
  caSha256: string,
): Promise<X509Certificate> {
  const chain = await fetchChain(address, caServerName(caSha256));
  const ca = chain.find((certificate) => certificate.ca && keyId(certificate.publicKey).toString('hex') === caSha256);
  if (ca) return ca;
  throw new EnrolError(
    'pin_mismatch',
    `the server at ${address.host}:${address.port} does not belong to the CA this token names; check the address, and ` +
      'that the token is from this collector ("threatguard agents token create"). If both are right, somebody stands between',
  );
}

/** The collector shows a certificate of the CA that `servername` asks for. */
function fetchChain(address: { host: string; port: number }, servername: string): Promise<X509Certificate[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, ...TLS_POLICY, servername, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const fail = (why: string) => {
      socket.destroy();
      const where = `${address.host}:${address.port}`;
      const advice = 'check the address, that the collector runs, and that no firewall is in between';
      reject(new EnrolError('collector_unreachable', `no collector answers at ${where} (${why}); ${advice}`));
    };
    socket.setTimeout(CONNECT_MS_MAX, () => fail(`nothing within ${CONNECT_MS_MAX / 1000} s`));
    socket.once('error', (error) => fail(error.message));
    socket.once('secureConnect', () => {
      const chain: X509Certificate[] = [];
      let next = socket.getPeerX509Certificate();
      while (next && chain.length < CHAIN_MAX) {
        chain.push(next);
        next = next.issuerCertificate;
      }
      // In order, so that the other end does not take it for a handshake that failed.
      socket.end();
      resolve(chain);
    });
  });
}
