// The thread of a desk: does one thing and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { checkChange } from './check-change.ts';
import type { DeskTask } from './desk.ts';
import { explainEvent } from './explain-event.ts';

const task = workerData as DeskTask;
parentPort!.postMessage(task.kind === 'check' ? checkChange(task.change) : explainEvent(task.files, task.event));
