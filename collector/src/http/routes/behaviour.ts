import type { Fleet } from '../../fleet/fleet.ts';
import type { Store } from '../../store/store.ts';
import type { Baselines } from '../analysis/baselines.ts';
import { HOUR_US, judgeBehaviour } from '../analysis/behaviour.ts';
import { describeModel, type ModelBehaviour, sayLearning } from '../analysis/model-behaviour.ts';
import { windowOf } from '../analysis/window.ts';
import type { HttpApp } from '../app.ts';
import { ProblemError } from '../problem.ts';
import { guarded } from '../schemas/problem.ts';
import { analyzeAnswer, analyzeBody } from '../schemas/threat.ts';
import { isoTime } from '../times.ts';

/** What lies before a window, to compare it with: four weeks of hours. */
const BASELINE_US = 28 * 24 * HOUR_US;

const BY_MODELS = 'each hour by the models of behaviour: its own habits, its peers, what was new to it';
const BY_SERIES = 'hours scored in order by an online forecast of the same measure; the highest of the window';

export interface BehaviourRouteParts {
  store: Pick<Store, 'series' | 'observedRatio'>;
  fleet: Fleet;
  baselines: Baselines;
  behaviour: ModelBehaviour;
  nowMs: () => number;
}

export function behaviourRoute(app: HttpApp, { store, fleet, baselines, behaviour, nowMs }: BehaviourRouteParts): void {
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
      const { fromUs: windowFromUs, toUs } = windowOf(window, { defaultUs: 24 * HOUR_US, nowMs: nowMs() });
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
}
