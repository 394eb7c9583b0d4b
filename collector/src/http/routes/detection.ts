import { type Detection, RefusalError } from '@threatguard/proto';
import type { Shards } from '../../shards/shards.ts';
import type { HttpApp } from '../app.ts';
import { ProblemError } from '../problem.ts';
import { toHostEvent } from '../schemas/event-input.ts';
import { describeDetection } from '../schemas/findings.ts';
import { guarded } from '../schemas/problem.ts';
import { detectAnswer, detectBody } from '../schemas/threat.ts';

/** An event of a few hundred bytes: how large a question is for the shard. */
const EVENT_BYTES = 300;

export interface DetectionRouteParts {
  shards: Pick<Shards, 'try'>;
  /** Keeps detections no agent sent, and raises alerts of them. */
  report: (detections: readonly Detection[]) => Promise<void>;
  nowMs: () => number;
}

export function detectionRoute(app: HttpApp, { shards, report, nowMs }: DetectionRouteParts): void {
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
}

/** As it is kept: what it refers to was never stored, and no agent said it. */
function asReported(detection: Detection, agentName: string): Detection {
  const values = { ...detection.values, 'host.name': agentName, 'threatguard.reported': 'api' };
  return { ...detection, agentId: '', events: [], values };
}
