import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALERT_STREAM, TREE_HEAD_SUBJECT } from '@threatguard/proto';
import { freePort } from './ports.ts';

// HOME/nats: settings.json holds port and passwords, nats.conf is written from it at each start. JetStream keeps its
// data beside. The collector's user may do everything; the console's may only read the alert stream and
// the heads of the evidence tree.

const PASSWORD_BYTES = 24;
const PORT_FIRST = 4222;

interface NatsSettings {
  port: number;
  collectorPassword: string;
  consolePassword: string;
}

export interface NatsDeployment {
  configFile: string;
  /** With the collector's user and password. */
  collectorUrl: string;
  /** With the user and password that may only read. */
  consoleUrl: string;
}

/** Settles port and passwords, kept from the last start where there was one, and writes the server's configuration. */
export async function writeNatsConfig(home: string): Promise<NatsDeployment> {
  const folder = join(home, 'nats');
  mkdirSync(join(folder, 'data'), { recursive: true, mode: 0o700 });
  const settings = readSettings(folder);
  settings.port = await freePort({ host: '127.0.0.1', port: settings.port });
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings), { mode: 0o600 });
  const configFile = join(folder, 'nats.conf');
  writeFileSync(configFile, natsConfig(folder, settings), { mode: 0o600 });
  return {
    configFile,
    collectorUrl: `nats://collector:${settings.collectorPassword}@127.0.0.1:${settings.port}`,
    consoleUrl: `nats://console:${settings.consolePassword}@127.0.0.1:${settings.port}`,
  };
}

function readSettings(folder: string): NatsSettings {
  const path = join(folder, 'settings.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as NatsSettings;
  const password = () => randomBytes(PASSWORD_BYTES).toString('base64url');
  return { port: PORT_FIRST, collectorPassword: password(), consolePassword: password() };
}

function natsConfig(folder: string, settings: NatsSettings): string {
  // What an ordered consumer of one stream asks of the JetStream API, and nothing more.
  const reads = [
    '$JS.API.INFO',
    `$JS.API.STREAM.INFO.${ALERT_STREAM}`,
    `$JS.API.CONSUMER.CREATE.${ALERT_STREAM}`,
    `$JS.API.CONSUMER.CREATE.${ALERT_STREAM}.>`,
    `$JS.API.CONSUMER.INFO.${ALERT_STREAM}.>`,
    `$JS.API.CONSUMER.MSG.NEXT.${ALERT_STREAM}.>`,
    `$JS.API.CONSUMER.DELETE.${ALERT_STREAM}.>`,
  ];
  // Answers to those requests, and the heads of the evidence tree, for whoever notes them elsewhere.
  const hears = ['_INBOX.>', TREE_HEAD_SUBJECT];
  return `# Written by "threatguard up" at each start; changes here are lost.
host: 127.0.0.1
port: ${settings.port}
server_name: threatguard
jetstream { store_dir: ${JSON.stringify(join(folder, 'data'))}, max_memory_store: 32MB, max_file_store: 1GB }
authorization {
  users: [
    { user: collector, password: ${JSON.stringify(settings.collectorPassword)} }
    {
      user: console, password: ${JSON.stringify(settings.consolePassword)}
      permissions: { publish: { allow: ${JSON.stringify(reads)} }, subscribe: { allow: ${JSON.stringify(hears)} } }
    }
  ]
}
`;
}
