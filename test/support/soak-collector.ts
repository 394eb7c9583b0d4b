// A collector in a process of its own whose clock the parent sets, and which says what memory it has after a collection of
// garbage. Argument: home. Messages in: { nowMs } and { measure: true }; out: { address } and { heap, rss } in bytes.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { readCollectorConfig } from '../../collector/src/config.ts';
import { startCollector } from '../../collector/src/run.ts';

const SILENT_AFTER_SECONDS = 3_600;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
let nowMs = Number(process.argv[3]);
const collector = await startCollector({
  home: process.argv[2]!,
  config: readCollectorConfig({
    file: 'soak',
    text: `agents:\n  silent_after_seconds: ${SILENT_AFTER_SECONDS}\n`,
    environment: process.env,
  }),
  log: pino({ level: 'warn' }, pino.destination(2)),
  nowMs: () => nowMs,
});
process.on('message', (message: { nowMs?: number; measure?: boolean }) => {
  if (message.nowMs) nowMs = message.nowMs;
  if (!message.measure) return;
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send!({ heap: heapUsed + external, rss });
});
process.on('disconnect', () => void collector[Symbol.asyncDispose]());
process.send!({ address: collector.address });
