/** What a check found: `spare` is a second way that is not needed now, `off` is switched off in agent.yaml. */
export type FindingState = 'ok' | 'degraded' | 'spare' | 'off';

/** One line of `threatguard-agent doctor`; its fields are part of the interface (`--output json`). */
export interface Finding {
  area: 'host' | 'agent' | 'collector' | 'process' | 'network' | 'auth' | 'file';
  check: string;
  state: FindingState;
  /** What is so on this host. */
  finding: string;
  /** What to do; empty where nothing needs to be done. */
  remedy: string;
}

/** The checks of one area; they share its name. */
export function reporter(area: Finding['area']) {
  const row = (state: FindingState, check: string, finding: string, remedy = ''): Finding => ({
    area,
    check,
    state,
    finding,
    remedy,
  });
  return {
    ok: (check: string, finding: string) => row('ok', check, finding),
    degraded: (check: string, finding: string, remedy: string) => row('degraded', check, finding, remedy),
    spare: (check: string, finding: string) => row('spare', check, finding),
    off: (check: string) => row('off', check, 'switched off in agent.yaml'),
  };
}
