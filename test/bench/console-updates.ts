// Alerts as the collector publishes them, at a rate, straight into its stream: a collector that raised as many would be what
// is measured.
import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type Alert, AlertState, alertSubject, keyId, Severity, SignedAlert, signAlert } from '@threatguard/proto';

/** Different ones. A console remembers fewer, so that all are news to it again and again. */
const ALERTS = 12_000;
/** Between two handfuls. */
const STEP_MS = 10;

interface Update {
  subject: string;
  bytes: Uint8Array;
}

export class AlertUpdates implements AsyncDisposable {
  readonly #updates: Update[];
  readonly #connection: NatsConnection;
  #next = 0;

  private constructor(updates: Update[], connection: NatsConnection) {
    this.#updates = updates;
    this.#connection = connection;
  }

  /** Signed with the key of the collector of `home`; that takes some ten seconds. */
  static async prepare(home: string, natsUrl: string): Promise<AlertUpdates> {
    const read = (name: string) => readFileSync(join(home, 'collector', 'tls', name), 'utf8');
    const privateKey = createPrivateKey(read('collector.key'));
    const signer = { privateKey, signingKeyId: keyId(new X509Certificate(read('collector.crt')).publicKey) };
    const updates = Array.from({ length: ALERTS }, (_, index) => {
      const alert = alertOf(index);
      const bytes = SignedAlert.encode(signAlert(alert, signer)).finish();
      return { subject: alertSubject(alert.severity!, alert.agentId!), bytes };
    });
    return new AlertUpdates(updates, await connect({ servers: new URL(natsUrl).host }));
  }

  /** So many a second for so long; resolves with how many that were once the server has them. */
  async publish(perSecond: number, seconds: number): Promise<number> {
    const startedMs = performance.now();
    let sent = 0;
    while (sent < perSecond * seconds) {
      const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - startedMs) / 1000) * perSecond));
      for (; sent < due; sent++) {
        const { subject, bytes } = this.#updates[this.#next++ % ALERTS]!;
        this.#connection.publish(subject, bytes);
      }
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
    await this.#connection.flush();
    return sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}

function alertOf(index: number): Alert {
  const atUs = Date.now() * 1000;
  return {
    id: `01${index.toString(32).padStart(8, '0')}zzzzzzzzzzzzzzzz`,
    ruleId: 'ssh-brute-force',
    title: 'SSH brute force',
    severity: [Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL][index % 4]!,
    state: AlertState.OPEN,
    techniques: ['T1110.001'],
    tactics: ['credential-access'],
    reason: `${10 + (index % 90)} failed logons as user${index % 500} from 192.0.2.${index % 250} within 60 s`,
    values: { 'user.name': `user${index % 500}`, 'source.ip': `192.0.2.${index % 250}` },
    agentId: randomUUID(),
    agentName: `host-${index % 200}`,
    entity: `source.ip=192.0.2.${index % 250}`,
    count: 3,
    firstAtUs: atUs,
    lastAtUs: atUs,
    raisedAtUs: atUs,
    updatedAtUs: atUs,
    revision: 1,
    observedRatio: 1,
  };
}
