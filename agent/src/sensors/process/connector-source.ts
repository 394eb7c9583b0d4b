// The proc connector tells of every exec by its process id alone; the rest is read from /proc at once, where the process
// is still there.
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { SystemCallError } from '../../kernel/libc.ts';
import { NETLINK_CONNECTOR, NetlinkSocket, NLMSG_DONE } from '../../kernel/netlink.ts';
import type { SensorSink } from '../sensor.ts';
import { readUserNames } from '../user-names.ts';
import { CN_IDX_PROC, encodeListen, parseExecPids } from './connector-parse.ts';
import { readProcessFacts } from './proc-facts.ts';
import { readStdioSockets } from './proc-files.ts';
import type { ProcessSource } from './source.ts';

const SENSOR = 'process.connector';
/** What an exec event has none of where its process has gone before it was read. */
const GONE_FIELDS = ['process.name', 'process.executable', 'process.args', 'process.parent.pid', 'user.id'];

export function createConnectorSource(): ProcessSource {
  let socket: NetlinkSocket | undefined;
  let problem = '';
  const users = readUserNames();

  const toEvent = (pid: number): HostEvent => {
    const facts = readProcessFacts(pid);
    const { userId } = facts ?? {};
    const stdioSockets = facts && readStdioSockets(pid);
    const missing = facts ? [...facts.missing] : [...GONE_FIELDS];
    if (!stdioSockets) missing.push('threatguard.process.stdio_socket');
    return {
      observedAtUs: Date.now() * 1000,
      class: EventClass.PROCESS,
      activity: Activity.EXEC,
      outcome: Outcome.SUCCESS,
      sensor: SENSOR,
      user: userId === undefined ? undefined : { id: userId, name: users.nameOf(userId) },
      process: facts ? { ...facts.process, stdioSockets } : { pid },
      missing,
    };
  };

  return {
    name: 'proc-connector',

    async start(sink: SensorSink): Promise<void> {
      socket = openConnector();
      socket.watch({
        onDatagram: (datagram) => {
          for (const pid of parseExecPids(datagram)) sink.emit(toEvent(pid));
        },
        onOverrun: () => {
          const nowUs = Date.now() * 1000;
          // The kernel does not say how many: at least one.
          sink.lose({ sensor: SENSOR, reason: 'kernel_overrun', count: 1, firstAtUs: nowUs, lastAtUs: nowUs });
        },
        onError: (error) => {
          problem = error.message;
        },
      });
      socket.send({ type: NLMSG_DONE, flags: 0, payload: encodeListen(true) });
    },

    async stop(): Promise<void> {
      socket?.send({ type: NLMSG_DONE, flags: 0, payload: encodeListen(false) });
      socket?.close();
      socket = undefined;
    },

    detail: () => problem || 'of a process that ends within a millisecond only the id is seen',
  };
}

function openConnector(): NetlinkSocket {
  try {
    return new NetlinkSocket({ protocol: NETLINK_CONNECTOR, groups: CN_IDX_PROC });
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    const advice = 'the proc connector needs root (CAP_NET_ADMIN) and a kernel with CONFIG_PROC_EVENTS';
    throw new Error(`${error.message}; ${advice}`, { cause: error });
  }
}
