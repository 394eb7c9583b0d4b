import { AgentsList } from './agents/list.ts';
import { AgentsRevoke } from './agents/revoke.ts';
import { AgentsTokenCreate } from './agents/token/create.ts';
import { AlertsList } from './alerts/list.ts';
import { AlertsShow } from './alerts/show.ts';
import { AlertsWatch } from './alerts/watch.ts';
import { EventsSearch } from './events/search.ts';
import { Status } from './status.ts';
import { Up } from './up.ts';

/** Every command by its words. Each loads what is heavy (gRPC, NATS, Ink) only when it runs. */
export const COMMANDS = {
  up: Up,
  status: Status,
  'agents:list': AgentsList,
  'agents:revoke': AgentsRevoke,
  'agents:token:create': AgentsTokenCreate,
  'alerts:list': AlertsList,
  'alerts:show': AlertsShow,
  'alerts:watch': AlertsWatch,
  'events:search': EventsSearch,
};
