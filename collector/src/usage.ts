import { COMMANDS } from './commands/index.ts';

const ENVIRONMENT = `Environment, going before DIR/collector/collector.yaml:
  THREATGUARD_HOME              instead of --home
  THREATGUARD_LISTEN            where to listen, HOST:PORT
  THREATGUARD_DATABASE_URL      PostgreSQL instead of the embedded one
  THREATGUARD_NATS_URL          where alerts are published, nats://USER:PASSWORD@HOST:PORT
  THREATGUARD_NATS_CONSOLE_URL  where consoles may read them
  THREATGUARD_HTTP_LISTEN       where the HTTP service listens, HOST:PORT or off
  THREATGUARD_CRYPTO_PROVIDER   openssl or liboqs
  THREATGUARD_KEY_PASSPHRASE_FILE
                                holds the passphrase of sealed keys; under systemd, a credential
  THREATGUARD_LOG_LEVEL         debug, info, warn or error

Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration.
`;

/** What `threatguard-collector --help` prints. */
export const USAGE = [
  'threatguard-collector: takes what agents send, finds what matters, keeps it\n',
  ...Object.values(COMMANDS).map(({ usage }) => usage),
  ENVIRONMENT,
].join('\n');
