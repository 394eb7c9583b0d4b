/** What `threatguard-collector --help` prints. */
export const USAGE = `threatguard-collector: takes what agents send, finds what matters, keeps it

  threatguard-collector init --home DIR [--listen HOST:PORT] [--profile standard|cnsa2]
      Makes keys, CA, configuration and a console identity under DIR. Safe to repeat: nothing is overwritten.
      The profile decides the algorithms of the whole fleet, once: standard (the default) is ML-KEM-768 with ML-DSA-65,
      cnsa2 is ML-KEM-1024 with ML-DSA-87.

  threatguard-collector run --home DIR
      Serves agents and consoles until SIGTERM or SIGINT.

  threatguard-collector console-certificate --name NAME --output DIR --home DIR
      Makes another console identity in DIR (-o), to be carried to another machine.

  threatguard-collector keys seal|unseal --home DIR
      Seals the collector's private keys (CA, TLS, every epoch) under the passphrase in the file that
      THREATGUARD_KEY_PASSPHRASE_FILE names, or writes them open again. Keys made later are sealed wherever it is set.
      To change the passphrase: unseal with the old one, seal with the new one.

Environment, going before DIR/collector/collector.yaml:
  THREATGUARD_HOME              instead of --home
  THREATGUARD_LISTEN            where to listen, HOST:PORT
  THREATGUARD_DATABASE_URL      PostgreSQL instead of the embedded one
  THREATGUARD_NATS_URL          where alerts are published, nats://USER:PASSWORD@HOST:PORT
  THREATGUARD_NATS_CONSOLE_URL  where consoles may read them
  THREATGUARD_CRYPTO_PROVIDER   openssl or liboqs
  THREATGUARD_KEY_PASSPHRASE_FILE
                                holds the passphrase of sealed keys; under systemd, a credential
  THREATGUARD_LOG_LEVEL         debug, info, warn or error

Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration.
`;
