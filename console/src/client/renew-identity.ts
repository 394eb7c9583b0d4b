// The certificate of this console, renewed where the collector says it is time, and the CAs it trusts with it.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extendTrust, issuerOf, type RenewConsoleResponse, readCertificates, withoutRetired } from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';
import type { Deployment } from './deployment.ts';

/**
 * Puts the answer in place in HOME/console, whole or not at all. Throws ConsoleError where it is not for this console's key
 * or of a CA it has no reason to trust; everything then stays.
 */
export function saveRenewed(deployment: Deployment, answer: RenewConsoleResponse): void {
  const told = answer.trustAnchors ?? {};
  const anchors = extendTrust(readCertificates(deployment.ca), told);
  const certificate = new X509Certificate(answer.certificate ?? new Uint8Array());
  if (!certificate.checkPrivateKey(createPrivateKey(deployment.key)) || !issuerOf(certificate, anchors)) {
    throw new ConsoleError('refused', 'the renewed certificate is not one of this console and this fleet');
  }
  const left = withoutRetired(anchors, told);
  const write = (name: string, text: string) => {
    const path = join(deployment.home, 'console', name);
    writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
  };
  // Trust first: a stop between leaves the former certificate, which the collector takes as before.
  write('ca.crt', (issuerOf(certificate, left) ? left : anchors).map(String).join(''));
  write('console.crt', certificate.toString());
}
