import { pino } from 'pino';

/** One JSON object per line on standard error; written at once, since the agent may be killed at any moment. */
export function createLog(level: string) {
  return pino(
    { level, base: { process: 'agent', pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
}
