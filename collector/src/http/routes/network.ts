import type { Alert, StoredEvent } from '@threatguard/proto';
import type { Fleet } from '../../fleet/fleet.ts';
import type { Store } from '../../store/store.ts';
import { HOUR_US } from '../analysis/behaviour.ts';
import { NetworkPicture } from '../analysis/network.ts';
import { windowOf } from '../analysis/window.ts';
import type { HttpApp } from '../app.ts';
import { ProblemError } from '../problem.ts';
import { describeAlert } from '../schemas/findings.ts';
import { guarded } from '../schemas/problem.ts';
import { networkAnswer, networkBody } from '../schemas/threat.ts';
import { isoTime } from '../times.ts';

/** Events one picture of the network is made of, in pages of the search. */
const NETWORK_EVENTS_MAX = 10_000;
const PAGE = 1_000;
/** Looked at, and told. */
const ALERTS_MAX = 500;
const NETWORK_ALERTS_MAX = 50;

export interface NetworkRouteParts {
  store: Pick<Store, 'searchEvents' | 'alerts'>;
  fleet: Fleet;
  nowMs: () => number;
}

export function networkRoute(app: HttpApp, { store, fleet, nowMs }: NetworkRouteParts): void {
  app.post(
    '/api/threat/monitor-network',
    {
      config: { access: 'analysis:run', cost: 10 },
      schema: {
        tags: ['analysis'],
        summary: 'What passed the network in a window: who spoke to whom, by which program, and what was noticed',
        body: networkBody,
        response: { 200: networkAnswer, ...guarded('not_found', 'unavailable', 'timed_out') },
      },
    },
    async (request) => {
      const { host, address, window } = request.body;
      const { fromUs, toUs } = windowOf(window, { defaultUs: HOUR_US, nowMs: nowMs() });
      const agent = host === undefined ? undefined : fleet.find(host);
      if (host !== undefined && !agent) throw new ProblemError('not_found', 'no agent has this name or id');
      const picture = new NetworkPicture();
      const filters = [
        { field: 'event.category', value: 'network' },
        ...(agent ? [{ field: 'agent.id', value: agent.id }] : []),
      ];
      const ends =
        address === undefined
          ? [[]]
          : [[{ field: 'source.ip', value: address }], [{ field: 'destination.ip', value: address }]];
      let [lookedAt, backToUs] = [0, fromUs];
      const seen = new Set<string>();
      for (const end of ends) {
        const query = { filters: [...filters, ...end], sinceUs: fromUs, untilUs: toUs };
        const found = await readEvents(query, NETWORK_EVENTS_MAX / ends.length, request.due);
        for (const stored of found.events) {
          const key = JSON.stringify(stored.reference);
          if (seen.has(key)) continue;
          seen.add(key);
          picture.add(stored);
          lookedAt++;
        }
        backToUs = Math.max(backToUs, found.backToUs);
      }
      const filter = { sinceUs: fromUs, untilUs: toUs, ...(agent && { agent: agent.name }) };
      const { rows: alerts } = await store.alerts(filter, ALERTS_MAX, '', request.due);
      const addresses = new Set(picture.addresses());
      return {
        window: { from: isoTime(fromUs / 1000), to: isoTime(toUs / 1000) },
        ...picture.describe(),
        alerts: alerts
          .filter((alert) => isOfNetwork(alert, addresses))
          .slice(0, NETWORK_ALERTS_MAX)
          .map(describeAlert),
        complete: backToUs <= fromUs,
        looked_at: lookedAt,
        looked_back_to: isoTime(backToUs / 1000),
      };
    },
  );

  async function readEvents(query: Parameters<Store['searchEvents']>[0], max: number, signal: AbortSignal) {
    const events: StoredEvent[] = [];
    let after = '';
    do {
      const page = await store.searchEvents(query, Math.min(PAGE, max - events.length), after, signal);
      events.push(...page.rows);
      after = page.next;
      if (page.searchedBackToUs !== undefined) return { events, backToUs: page.searchedBackToUs };
    } while (after && events.length < max);
    return { events, backToUs: after ? (events.at(-1)?.eventAtUs ?? query.sinceUs!) : query.sinceUs! };
  }
}

const NETWORK_TACTICS = ['command-and-control', 'exfiltration', 'lateral-movement', 'discovery', 'initial-access'];

function isOfNetwork({ tactics, values }: Alert, addresses: ReadonlySet<string>): boolean {
  const named = [values?.['source.ip'], values?.['destination.ip']].some((each) => each && addresses.has(each));
  return named || (tactics ?? []).some((tactic) => NETWORK_TACTICS.includes(tactic));
}
