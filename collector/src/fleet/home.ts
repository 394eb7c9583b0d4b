import { join } from 'node:path';

/** Where everything of a deployment lies under its state directory. */
export function homePaths(home: string) {
  const collector = join(home, 'collector');
  const console = join(home, 'console');
  return {
    collectorDirectory: collector,
    configFile: join(collector, 'collector.yaml'),
    caDirectory: join(collector, 'ca'),
    tlsKey: join(collector, 'tls', 'collector.key'),
    tlsCertificate: join(collector, 'tls', 'collector.crt'),
    kemDirectory: join(collector, 'kem'),
    accessDirectory: join(collector, 'access'),
    modelsDirectory: join(collector, 'models'),
    storeDirectory: join(collector, 'store'),
    consoleDirectory: console,
  };
}
