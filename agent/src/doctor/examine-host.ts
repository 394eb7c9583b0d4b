// What each sensor can and cannot see on this host, and what would fix it. Nothing is changed: what is opened or loaded to
// see whether it works is closed again before this ends.
import type { AgentConfig } from '../config.ts';
import { checkCollector } from './collector-check.ts';
import { type Finding, reporter } from './finding.ts';
import { checkClock, checkConfig, checkIdentity, checkRunning, checkSpool } from './home-checks.ts';
import { checkAuth, checkFile, checkNetwork } from './log-checks.ts';
import { checkProcess } from './process-checks.ts';

/** Every check, the agent's own first. `readConfig` throws ConfigError where the settings are wrong. */
export async function examineHost(home: string, readConfig: () => AgentConfig): Promise<Finding[]> {
  const settings = checkConfig(readConfig);
  const { identity, finding } = checkIdentity(home, Date.now());
  const own = [settings.finding, finding, await checkRunning(home), checkClock()];
  const { config } = settings;
  if (!config) return own;
  const { auth, process, network, file } = config.sensors;
  const off = (area: Finding['area']) => [reporter(area).off('sensor')];
  return [
    ...own,
    checkSpool(home, config.spool.bytesMax),
    ...(identity ? [await checkCollector(config.collector ?? identity.collector, identity)] : []),
    ...(process.enabled ? await checkProcess(process.source) : off('process')),
    ...(network.enabled ? checkNetwork() : off('network')),
    ...(auth.enabled ? checkAuth(auth) : off('auth')),
    ...(file.enabled ? checkFile(file) : off('file')),
  ];
}
