import { CollectorClient } from '../client/collector-client.ts';
import { type Deployment, readDeployment } from '../client/deployment.ts';
import { printable } from '../model/printable.ts';
import type { Invocation } from './invocation.ts';

/** A client of the collector of the deployment in `home`; nothing is asked of it yet. */
export function connectTo(home: string, { stderr }: Invocation): { client: CollectorClient; deployment: Deployment } {
  const deployment = readDeployment(home);
  return { client: new CollectorClient(deployment, (text) => stderr.write(`${printable(text)}\n`)), deployment };
}
