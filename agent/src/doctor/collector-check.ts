import { connect, type TLSSocket } from 'node:tls';
import { caServerName, keyId, parsePeerName, tlsPolicy } from '@threatguard/proto';
import { parseAddress } from '../identity/enrol.ts';
import type { Identity } from '../identity/identity-files.ts';
import { type Finding, reporter } from './finding.ts';

const CONNECT_MS_MAX = 10_000;
const report = reporter('collector');

/** One handshake as the agent makes it: its certificate, the fleet's CA only, the hybrid group only. Nothing is sent. */
export async function checkCollector(collector: string, identity: Identity): Promise<Finding> {
  let socket: TLSSocket | undefined;
  try {
    socket = await handshake(collector, identity);
    const certificate = socket.getPeerX509Certificate();
    const peer = parsePeerName(certificate?.subjectAltName);
    if (peer?.kind !== 'collector') {
      return report.degraded(
        collector,
        "the server there is none of the fleet's collectors",
        'correct the address, or enrol with this collector',
      );
    }
    const until = certificate?.validToDate.toISOString().slice(0, 10);
    return report.ok(
      collector,
      `answers over ${socket.getProtocol()} with ${tlsPolicy(identity.pem.ca).ecdhCurve}, certificate until ${until}`,
    );
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return report.degraded(collector, message, remedyFor(code, tlsPolicy(identity.pem.ca).ecdhCurve));
  } finally {
    socket?.destroy();
  }
}

function handshake(collector: string, { pem, anchors }: Identity): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connect({
    ...parseAddress(collector),
    ...tlsPolicy(pem.ca),
    ca: pem.ca,
    cert: pem.certificate,
    key: pem.key,
    // It shows a certificate of the CA that is asked for.
    servername: caServerName(keyId(anchors[0]!.publicKey).toString('hex')),
    ALPNProtocols: ['h2'],
    // The collector is known by the name in its certificate, which is looked at afterwards, not by its address.
    checkServerIdentity: () => undefined,
  });
  const fail = (error: Error) => {
    socket.destroy();
    reject(error);
  };
  socket.setTimeout(CONNECT_MS_MAX, () => fail(new Error(`nothing within ${CONNECT_MS_MAX / 1000} s`)));
  socket.once('error', fail);
  socket.once('secureConnect', () => resolve(socket));
  return promise;
}

function remedyFor(code: string, group: string): string {
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ECONNRESET|)$/.test(code))
    return 'check that the collector runs and that no firewall is in between; events are spooled meanwhile';
  if (/^(ENOTFOUND|EAI_)/.test(code)) return 'check the name, and the name service of this host (resolv.conf)';
  if (/CERT|SIGNATURE|ISSUER/.test(code))
    return 'the server is not of the CA that enrolled this agent; correct the address, or enrol again with --force';
  return `the server must speak TLS 1.3 with ${group}; check that nothing in between ends TLS`;
}
