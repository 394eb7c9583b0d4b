// The thread that reads feeds and makes indexes; it lives as long as one job.
import { parentPort, workerData } from 'node:worker_threads';
import { FeedError } from './feed-report.ts';
import type { IntelAnswer, IntelJob } from './intel-jobs.ts';
import { buildSources, readSource } from './intel-work.ts';

function answer(job: IntelJob): IntelAnswer {
  try {
    return job.kind === 'read' ? { read: readSource(job) } : { built: buildSources(job) };
  } catch (error) {
    if (error instanceof FeedError) return { refused: { code: error.code, message: error.message } };
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort!.postMessage(answer(workerData as IntelJob));
