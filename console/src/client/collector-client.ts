import { alertsCalls } from './calls/alerts.ts';
import { certificatesCalls } from './calls/certificates.ts';
import { complianceCalls } from './calls/compliance.ts';
import { eventsCalls } from './calls/events.ts';
import { evidenceCalls } from './calls/evidence.ts';
import { exceptionsCalls } from './calls/exceptions.ts';
import { fleetCalls } from './calls/fleet.ts';
import { huntsCalls } from './calls/hunts.ts';
import { intelCalls } from './calls/intel.ts';
import { keysCalls } from './calls/keys.ts';
import { loginCalls } from './calls/login.ts';
import { modelsCalls } from './calls/models.ts';
import { rulesCalls } from './calls/rules.ts';
import { storiesCalls } from './calls/stories.ts';
import { usersCalls } from './calls/users.ts';
import { Connection } from './connection.ts';
import type { Deployment } from './deployment.ts';
import type { LoginFile } from './login-file.ts';

export type CollectorClient = ReturnType<typeof openCollector>;

/**
 * What a console can ask a collector, over one connection that is closed by disposal. Every failure is a ConsoleError
 * that says what to do. `note` is told what a person should know and no answer says. With `login` it is asked as whoever is logged in.
 */
export function openCollector(deployment: Deployment, note?: (text: string) => void, login?: LoginFile) {
  const connection = new Connection(deployment, note, login);
  return {
    address: connection.address,
    [Symbol.dispose]: () => connection[Symbol.dispose](),
    interrupt: () => connection.interrupt(),
    ...fleetCalls(connection),
    ...usersCalls(connection),
    ...loginCalls(connection),
    ...certificatesCalls(connection),
    ...alertsCalls(connection),
    ...eventsCalls(connection),
    ...storiesCalls(connection),
    ...complianceCalls(connection),
    ...evidenceCalls(connection),
    ...huntsCalls(connection),
    ...modelsCalls(connection),
    ...intelCalls(connection),
    ...exceptionsCalls(connection),
    ...keysCalls(connection),
    ...rulesCalls(connection),
  };
}
