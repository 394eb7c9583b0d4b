import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentConfig } from '../config.ts';
import { RESOLVED_MONITOR } from './dns/resolved-source.ts';
import type { AuditSession } from './process/audit-session.ts';
import type { Checkpoints } from './sensor.ts';
import type { SensorPlan } from './start.ts';

/** The sensors that are switched on. Each is imported when it starts, so that a library missing here costs one sensor only. */
export function planSensors(parts: {
  config: AgentConfig['sensors'];
  home: string;
  checkpoints: Checkpoints;
  /** How many times longer than configured a poll is to wait just now. */
  pace: () => number;
  /** The collector's clock minus ours, once it has been measured. */
  clockOffsetUs: () => number | undefined;
}): SensorPlan[] {
  const { config, home, checkpoints, pace, clockOffsetUs } = parts;
  const { auth, process, network, file, host, import: imports, dns } = config;
  const openAudit = auditOpener(config.audit, join(home, 'state', 'audit.json'));
  const plans: (SensorPlan & { enabled: boolean })[] = [
    {
      name: 'auth',
      enabled: auth.enabled,
      create: async () => {
        const { createAuthSensor } = await import('./auth/sensor.ts');
        return createAuthSensor({
          logs: auth.logs,
          journal: auth.journal,
          stateDir: join(home, 'state'),
          checkpoints,
          // One source per fact: the account files say it even when no tool wrote a line.
          accountsFromFiles: file.enabled,
          audit: await openAudit(),
        });
      },
    },
    {
      name: 'process',
      enabled: process.enabled,
      create: async () => {
        const { createProcessSensor } = await import('./process/sensor.ts');
        return createProcessSensor({ ...process, audit: (await openAudit())?.session ?? 'off' });
      },
    },
    {
      name: 'network',
      enabled: network.enabled,
      create: async () =>
        (await import('./network/sensor.ts')).createNetworkSensor({ intervalMs: network.intervalMs, pace }),
    },
    {
      name: 'file',
      enabled: file.enabled,
      create: async () => {
        const { createFileSensor } = await import('./file/sensor.ts');
        const audit = await openAudit();
        const { createAuditChanges } = await import('./process/audit-changes.ts');
        const authors = audit && createAuditChanges(audit.session, audit.always ? 'always' : 'chosen');
        return createFileSensor({
          paths: file.paths,
          webRoots: file.webRoots,
          homes: file.homes ?? true,
          stateFile: join(home, 'state', 'files.jsonl'),
          authors,
        });
      },
    },
    {
      name: 'host',
      enabled: host.enabled,
      create: async () =>
        (await import('./host/sensor.ts')).createHostSensor({
          intervalMs: host.intervalMs,
          clockOffsetUs,
          ...(host.inventory && { inventoryFile: join(home, 'state', 'inventory.json') }),
        }),
    },
    {
      name: 'import',
      enabled: imports.enabled && Boolean(imports.falco.file || imports.falco.http || imports.tetragon.file),
      create: async () =>
        (await import('./import/sensor.ts')).createImportSensor({
          ...imports,
          stateDir: join(home, 'state'),
          checkpoints,
        }),
    },
    {
      name: 'dns',
      // Off unless something is named, or found.
      enabled:
        dns.enabled &&
        (dns.logs.length > 0 || dns.resolved === 'on' || (dns.resolved === 'auto' && existsSync(RESOLVED_MONITOR))),
      create: async () =>
        (await import('./dns/sensor.ts')).createDnsSensor({ ...dns, stateDir: join(home, 'state'), checkpoints }),
    },
  ];
  return plans.filter(({ enabled }) => enabled);
}

/** One connection to the kernel's audit for all sensors, made by the first that asks; none where it is switched off. */
function auditOpener(mode: AgentConfig['sensors']['audit'], stateFile: string) {
  let session: AuditSession | undefined;
  return async () => {
    if (mode === 'off') return undefined;
    const { AuditSession } = await import('./process/audit-session.ts');
    session ??= new AuditSession(stateFile);
    return { session, always: mode === 'on' };
  };
}
