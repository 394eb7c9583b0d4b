// The thread that learns from verdicts. It is told closed alerts, page by page, and gives back the model.
import { serialize } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { type ClosedAlert, toExamples } from './examples.ts';
import { learnTriage } from './learn-triage.ts';

export type LearnRequest = ClosedAlert[] | 'learn';

export interface LearnReply {
  /** The page was taken; the next may come. */
  taken?: true;
  done?: number;
  total?: number;
  /** `too_little` where nothing can be learned. */
  outcome?: 'learned' | 'too_little';
  body?: Uint8Array;
  parameters?: Record<string, number | string>;
  metrics?: Record<string, number>;
}

const { seed } = workerData as { seed: number };
const closed: ClosedAlert[] = [];

function reply(message: LearnReply): void {
  parentPort!.postMessage(message);
}

parentPort!.on('message', (request: LearnRequest) => {
  if (request !== 'learn') {
    closed.push(...request);
    return reply({ taken: true });
  }
  const progress = (done: number, total: number) => reply({ done, total });
  const found = learnTriage(toExamples(closed), { seed, progress });
  if (!found) return reply({ outcome: 'too_little' });
  const { body, parameters, metrics } = found;
  reply({ outcome: 'learned', body: serialize(body), parameters, metrics });
});
