// A collector in a process of its own whose clock the parent sets, and which says what memory it has. Arguments: home, and the
// time to begin with. Messages in: { nowMs } and { measure: true }; out: { address } and Memory.
import { pino } from 'pino';
import { readCollectorConfig } from '../../collector/src/config.ts';
import { startCollector } from '../../collector/src/run.ts';
import { settledMemory } from './settled-memory.ts';

const SILENT_AFTER_SECONDS = 3_600;

// What models remember grows until its own bounds, which `behaviour-state.test.ts` holds it to: here it would hide all else.
let nowMs = Number(process.argv[3]);
const collector = await startCollector({
  home: process.argv[2]!,
  config: readCollectorConfig({
    file: 'soak',
    text: `agents:\n  silent_after_seconds: ${SILENT_AFTER_SECONDS}\nmodels:\n  enabled: false\n`,
    environment: process.env,
  }),
  log: pino({ level: 'warn' }, pino.destination(2)),
  nowMs: () => nowMs,
});
process.on('message', (message: { nowMs?: number; measure?: boolean }) => {
  if (message.nowMs) nowMs = message.nowMs;
  if (message.measure) void settledMemory().then((memory) => process.send!(memory));
});
process.on('disconnect', () => void collector[Symbol.asyncDispose]());
process.send!({ address: collector.address });
