// The last resort, for any user on any Linux: looks at /proc once a second. What ends between two looks is not seen.
// State: one entry for each process there now; the first look only takes note, for those began before us.
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { clockUs } from '../../kernel/libc.ts';
import type { SensorSink } from '../sensor.ts';
import { readUserNames } from '../user-names.ts';
import { type ProcessFacts, readProcessFacts } from './proc-facts.ts';
import { listPids, type ProcStat, readStat, readStdioSockets } from './proc-files.ts';
import type { ProcessSource } from './source.ts';

const SENSOR = 'process.proc-scan';
/** A look costs about 5 ms with 200 processes: half a percent of a core. */
const LOOK_EVERY_MS = 1000;
/** A process is looked at this often again: one caught between fork and exec shows its program only then. */
const LOOKS_AGAIN = 2;
/** More processes than this are not followed; the kernel's own default limit is 32,768. */
const PROCESSES_MAX = 65_536;

interface Seen {
  startUs: number;
  looksLeft: number;
  program: string;
}

/** The scan. `everyMs` is how often it looks. */
export function createScanSource(everyMs = LOOK_EVERY_MS): ProcessSource {
  const users = readUserNames();
  let seen = new Map<number, Seen>();
  let timer: NodeJS.Timeout | undefined;
  let unreadable = 0;
  let failure = '';

  /** The process as it is now, if that is news. */
  function look(pid: number, before: Seen | undefined, current: Map<number, Seen>): HostEvent | undefined {
    const stat = readStat(pid);
    if (!stat || stat.kernelThread) return undefined;
    const known = before?.startUs === stat.startUs ? before : undefined;
    if (known && known.looksLeft === 0) {
      current.set(pid, known);
      return undefined;
    }
    const facts = readProcessFacts(pid);
    if (!facts) return undefined;
    const program = `${facts.process.executable}\0${facts.process.args?.join('\0')}`;
    current.set(pid, { startUs: stat.startUs, looksLeft: known ? known.looksLeft - 1 : LOOKS_AGAIN, program });
    return program === known?.program ? undefined : scanEvent(facts, stat);
  }

  function scanEvent({ process, userId, missing }: ProcessFacts, { startUs }: ProcStat): HostEvent {
    const nowUs = clockUs('realtime');
    const startAtUs = Math.round(startUs + nowUs - clockUs('boottime'));
    const stdioSockets = readStdioSockets(process.pid ?? 0);
    if (!stdioSockets || missing.length > 0) unreadable++;
    return {
      observedAtUs: Math.round(nowUs),
      class: EventClass.PROCESS,
      activity: Activity.EXEC,
      outcome: Outcome.SUCCESS,
      sensor: SENSOR,
      user: userId === undefined ? undefined : { id: userId, name: users.nameOf(userId) },
      process: { ...process, startAtUs, stdioSockets: stdioSockets ?? [] },
      missing: stdioSockets ? missing : [...missing, 'threatguard.process.stdio_socket'],
    };
  }

  function lookAtAll(report: (event: HostEvent) => void): void {
    const current = new Map<number, Seen>();
    for (const pid of listPids().slice(0, PROCESSES_MAX)) {
      const event = look(pid, seen.get(pid), current);
      if (event) report(event);
    }
    seen = current;
  }

  return {
    name: 'proc-scan',
    async start(sink: SensorSink) {
      lookAtAll(() => undefined);
      timer = setInterval(() => {
        try {
          lookAtAll((event) => sink.emit(event));
          failure = '';
        } catch (error) {
          failure = `the last look failed: ${(error as Error).message}`; // out of descriptors, say; the next may not be
        }
      }, everyMs);
    },
    async stop() {
      clearInterval(timer);
    },
    detail() {
      const short = `processes that live less than ${everyMs} ms are mostly not seen`;
      const partly = unreadable === 0 ? '' : `${unreadable} could not be read whole: run as root to see all of them`;
      return [short, partly, failure].filter((part) => part !== '').join('; ');
    },
  };
}
