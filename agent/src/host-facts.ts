import { readFileSync } from 'node:fs';
import { hostname, release, type } from 'node:os';
import { parseOsRelease } from './sensors/host/stat-parse.ts';

/** Which host this is, and which boot of it. Empty where it does not say. */
interface HostMarks {
  machineId: string;
  bootId: string;
}

/** Who this host is, as far as it says. Empty where it does not. */
export interface HostFacts extends HostMarks {
  hostName: string;
  os: string;
  kernel: string;
}

export function readHostMarks(): HostMarks {
  const bootId = readText('/proc/sys/kernel/random/boot_id').trim();
  return { machineId: readText('/etc/machine-id').trim(), bootId };
}

export function readHostFacts(): HostFacts {
  const { name, version } = parseOsRelease(readText('/etc/os-release'));
  return {
    hostName: hostname(),
    ...readHostMarks(),
    os: `${name || type()} ${version}`.trim(),
    kernel: release(),
  };
}

/** The kernel's id of this boot, 16 bytes; zeros where /proc does not say. */
export function readBootId(): Buffer {
  const hex = readText('/proc/sys/kernel/random/boot_id').trim().replaceAll('-', '');
  return /^[0-9a-f]{32}$/.test(hex) ? Buffer.from(hex, 'hex') : Buffer.alloc(16);
}

/** The version of this agent's package. */
export function agentVersion(): string {
  return (JSON.parse(readText(new URL('../package.json', import.meta.url))) as { version: string }).version;
}

function readText(path: string | URL): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // not every host has every one of these files
  }
}
