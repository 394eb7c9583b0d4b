// Questions that are answered by looking: at events somebody sends, or at what is stored.
import { type Alert, type Detection, RefusalError, type StoredEvent } from '@threatguard/proto';
import { getAlert } from '../../api/alerts.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { Shards } from '../../shards/shards.ts';
import type { Store } from '../../store/store.ts';
import type { Baselines } from '../analysis/baselines.ts';
import { HOUR_US, judgeBehaviour } from '../analysis/behaviour.ts';
import { correlateAlerts } from '../analysis/correlate.ts';
import { describeModel, type ModelBehaviour, sayLearning } from '../analysis/model-behaviour.ts';
import { NetworkPicture } from '../analysis/network.ts';
import type { HttpApp } from '../app.ts';
import type { HealthBoard } from '../health/board.ts';
import { ProblemError } from '../problem.ts';
import { toHostEvent } from '../schemas/event-input.ts';
import { describeAlert, describeDetection, describeIncident, severityNumber } from '../schemas/findings.ts';
import { guarded, known } from '../schemas/problem.ts';
import {
  analyzeAnswer,
  analyzeBody,
  correlateAnswer,
  correlateBody,
  detectAnswer,
  detectBody,
  networkAnswer,
  networkBody,
  threatHealthAnswer,
} from '../schemas/threat.ts';
import type { HttpStatus } from '../status.ts';
import { isoTime } from '../times.ts';
import { timeUs } from './findings.ts';

/** What lies before a window, to compare it with: four weeks of hours. */
const BASELINE_US = 28 * 24 * HOUR_US;
const WINDOW_US_MAX = 7 * 24 * HOUR_US;
/** Events one picture of the network is made of, in pages of the search. */
const NETWORK_EVENTS_MAX = 10_000;
const PAGE = 1_000;
const ALERTS_MAX = 500;
const NETWORK_ALERTS_MAX = 50;
/** Open alerts are counted once in so long. */
const COUNTED_MS = 1_000;
/** An event of a few hundred bytes: how large a question is for the shard. */
const EVENT_BYTES = 300;

export interface AnalysisRoutesParts {
  status: HttpStatus;
  board: HealthBoard;
  fleet: Fleet;
  shards: Pick<Shards, 'try'>;
  baselines: Baselines;
  /** Keeps detections no agent sent, and raises alerts of them. */
  report: (detections: readonly Detection[]) => Promise<void>;
  behaviour: ModelBehaviour;
}

const BY_MODELS = 'each hour by the models of behaviour: its own habits, its peers, what was new to it';
const BY_SERIES = 'hours scored in order by an online forecast of the same measure; the highest of the window';

export function analysisRoutes(app: HttpApp, parts: AnalysisRoutesParts): void {
  const { status, board, fleet, shards, baselines, report, behaviour } = parts;
  const { store, nowMs } = status;
  /** It costs nothing of an allowance, so it may not cost the store anything for each who asks. */
  let counted: { atMs: number; alertsOpen: Promise<number> } | undefined;

  app.get(
    '/api/threat/health',
    {
      config: { access: 'known', cost: 0 },
      schema: {
        tags: ['analysis'],
        summary: 'Whether threats are looked for',
        response: { 200: threatHealthAnswer, ...known() },
      },
    },
    async () => {
      const answers = board.components().find(({ name }) => name === 'store')?.state === 'up';
      const enrolled = status.fleet.agents().filter((agent) => agent.revokedAtUs === undefined).length;
      return {
        status: board.state,
        rules: { loaded: status.rules.rules.length, disabled: status.rules.disabled().length },
        alerts_open: answers ? await alertsOpen() : null,
        agents: { enrolled, connected: status.presence.connectedCount() },
        events_per_second: status.rate.perSecond(nowMs()),
      };
    },
  );

  app.post(
    '/api/threat/detect-realtime',
    {
      config: { access: 'detection:run' },
      schema: {
        tags: ['analysis'],
        summary: 'Events in, detections out: the rules of the agents, over these events alone',
        body: detectBody,
        response: { 200: detectAnswer, ...guarded('too_large', 'unavailable') },
      },
    },
    async (request) => {
      const { events: inputs, host: agentName, store: keep } = request.body;
      if (keep && !request.caller!.scopes.has('detection:report')) {
        throw new ProblemError('forbidden', 'to store what is found needs the scope detection:report');
      }
      const nowUs = nowMs() * 1000;
      const events = inputs.map((input) => toHostEvent(input, nowUs));
      const { detections, failed } = await tryEvents({ events, agentName, receivedAtUs: nowUs });
      if (keep && detections.length > 0) await report(detections.map((each) => asReported(each, agentName)));
      const told = detections.map(describeDetection);
      return { detections: told, events: events.length, rules_failed: failed, stored: keep && told.length > 0 };
    },
  );

  app.post(
    '/api/threat/analyze-behavior',
    {
      config: { access: 'analysis:run', cost: 5 },
      schema: {
        tags: ['analysis'],
        summary: 'How unusual a window is for a host or a user, by its own past and by its peers',
        body: analyzeBody,
        response: { 200: analyzeAnswer, ...guarded('not_found', 'unavailable', 'timed_out') },
      },
    },
    async (request) => {
      const { entity, window } = request.body;
      const { fromUs: windowFromUs, toUs } = windowOf(window, 24 * HOUR_US);
      const agent = entity.kind === 'host' ? fleet.find(entity.name) : undefined;
      if (entity.kind === 'host' && !agent) throw new ProblemError('not_found', 'no agent has this name or id');
      const fromUs = windowFromUs - BASELINE_US;
      const about = agent ? { agentId: agent.id } : { user: entity.name };
      const [past, own] = await Promise.all([
        baselines.past(about, fromUs, windowFromUs),
        store.series({ resolution: 'hour', fromUs: windowFromUs, toUs, ...about }),
      ]);
      const points = [...past, ...own];
      if (points.length === 0)
        throw new ProblemError('not_found', `nothing was ever counted of the ${entity.kind} "${entity.name}"`);
      const observed = agent ? await store.observedRatio(agent.id, fromUs, toUs) : 1;
      const judged = judgeBehaviour(points, { fromUs, windowFromUs, toUs, observed });
      const baselineFromUs = windowFromUs - judged.hours * HOUR_US;
      const model = await behaviour.assess(entity, { fromUs: windowFromUs, toUs, stored: true });
      const learned = model?.learning.done ? model : undefined;
      return {
        entity,
        window: { from: isoTime(windowFromUs / 1000), to: isoTime(toUs / 1000) },
        baseline: {
          from: isoTime(baselineFromUs / 1000),
          to: isoTime(windowFromUs / 1000),
          hours: judged.hours,
          measures: judged.measures,
        },
        model: model ? describeModel(model) : null,
        anomaly_score: learned?.score ?? judged.anomalyScore,
        confidence: learned ? learned.confidence * observed : judged.confidence,
        reasons: [...(model ? sayLearning(model) : []), ...(learned?.reasons ?? []), ...judged.reasons],
        method: learned ? BY_MODELS : BY_SERIES,
      };
    },
  );

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
      const { fromUs, toUs } = windowOf(window, HOUR_US);
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

  app.post(
    '/api/threat/correlate-threats',
    {
      config: { access: 'analysis:run', cost: 5 },
      schema: {
        tags: ['analysis'],
        summary: 'The stories alerts tell together: those named, those about an entity, or all of a time',
        body: correlateBody,
        response: { 200: correlateAnswer, ...guarded('not_found', 'conflict', 'unavailable', 'timed_out') },
      },
    },
    async (request) => {
      const { alerts, complete } = await chooseAlerts(request.body, request.due);
      const { incidents, entities, tactics } = correlateAlerts(alerts);
      return { alerts: alerts.length, incidents: incidents.map(describeIncident), entities, tactics, complete };
    },
  );

  function alertsOpen(): Promise<number> {
    const atMs = performance.now();
    if (!counted || atMs - counted.atMs >= COUNTED_MS) {
      const count = { atMs, alertsOpen: store.totals().then((totals) => totals.alertsOpen) };
      counted = count;
      // The next who asks tries again.
      count.alertsOpen.catch(() => {
        if (counted === count) counted = undefined;
      });
    }
    return counted.alertsOpen;
  }

  async function tryEvents(trial: Parameters<Shards['try']>[0]) {
    try {
      return await shards.try(trial, trial.events.length * EVENT_BYTES);
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      throw new ProblemError('invalid', `/body/events: ${error.message}`, {
        fields: [{ path: '/body/events', message: error.message }],
      });
    }
  }

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

  async function chooseAlerts(
    { alerts: ids, entity, since, until, severity }: typeof correlateBody._output,
    signal: AbortSignal,
  ): Promise<{ alerts: Alert[]; complete: boolean }> {
    if (ids) {
      const named = [];
      for (const id of new Set(ids)) named.push((await getAlert(store, { id })).alert!);
      return { alerts: named, complete: true };
    }
    if (entity) {
      const known = await store.entity(entity);
      if (!known) throw new ProblemError('not_found', `no alert was ever about the ${entity.kind} "${entity.name}"`);
      const found = await Promise.all(known.reasons.map(({ alertId }) => store.alertsByIdPrefix(alertId)));
      return { alerts: found.flat(), complete: true };
    }
    const filter = {
      sinceUs: since ? timeUs(since) : nowMs() * 1000 - 24 * HOUR_US,
      ...(until && { untilUs: timeUs(until) }),
      ...(severity && { severityMin: severityNumber(severity) }),
    };
    const { rows, next } = await store.alerts(filter, ALERTS_MAX, '', signal);
    return { alerts: rows, complete: next === '' };
  }

  /** Whole hours. Throws ProblemError where it is no window, or a longer one than is answered. */
  function windowOf(window: { from: string; to: string } | undefined, defaultUs: number) {
    const nowUs = nowMs() * 1000;
    const toUs = window ? timeUs(window.to) : nowUs;
    const fromUs = window ? timeUs(window.from) : nowUs - defaultUs;
    const wrong = (message: string) =>
      new ProblemError('invalid', `/body/window: ${message}`, { fields: [{ path: '/body/window', message }] });
    if (fromUs >= toUs) throw wrong('it ends before it begins');
    if (toUs - fromUs > WINDOW_US_MAX) throw wrong('it is longer than 7 days');
    if (fromUs < 0) throw wrong('it begins before 1970');
    return { fromUs: Math.floor(fromUs / HOUR_US) * HOUR_US, toUs: Math.ceil(toUs / HOUR_US) * HOUR_US };
  }
}

const NETWORK_TACTICS = ['command-and-control', 'exfiltration', 'lateral-movement', 'discovery', 'initial-access'];

function isOfNetwork({ tactics, values }: Alert, addresses: ReadonlySet<string>): boolean {
  const named = [values?.['source.ip'], values?.['destination.ip']].some((each) => each && addresses.has(each));
  return named || (tactics ?? []).some((tactic) => NETWORK_TACTICS.includes(tactic));
}

/** As it is kept: what it refers to was never stored, and no agent said it. */
function asReported(detection: Detection, agentName: string): Detection {
  const values = { ...detection.values, 'host.name': agentName, 'threatguard.reported': 'api' };
  return { ...detection, agentId: '', events: [], values };
}
