// The thread of a shard.
import { parentPort, workerData } from 'node:worker_threads';
import { RefusalError } from '@threatguard/proto';
import { EventMatcher } from '../detect/rules/event-matcher.ts';
import { compileRules } from '../detect/rules/load.ts';
import { wireRules } from '../detect/rules/wiring.ts';
import { StageClock } from '../stage-clock.ts';
import { type AnalysisParts, analyse } from './analyse.ts';
import { type AnalysisReply, type AnalysisRequest, READY, type ShardData } from './messages.ts';

const { name, ruleFiles, kemKeys, timed } = workerData as ShardData & { name: string };
const rules = compileRules(ruleFiles).rules.map(({ rule }) => rule);
const parts: AnalysisParts = {
  matcher: new EventMatcher(wireRules(rules)),
  kemPrivateKey: (epoch) => kemKeys.get(epoch),
  clock: timed ? new StageClock() : undefined,
};

function answer({ id, received, signer }: AnalysisRequest): AnalysisReply {
  let sequence = 0;
  try {
    const analysis = analyse(received, signer, parts, (header) => {
      sequence = header.sequence;
    });
    return { id, analysis };
  } catch (error) {
    if (error instanceof RefusalError) return { id, refusal: { code: error.code, message: error.message, sequence } };
    return { id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Handed over instead of copied. Small ones may lie in a buffer that Node shares, and are copied. */
function ownedBuffers({ analysis }: AnalysisReply): ArrayBuffer[] {
  if (!analysis) return [];
  const { batch, matches } = analysis;
  return [batch.eventRows, batch.payload, matches.events].flatMap(({ buffer, byteLength }) =>
    buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
  );
}

parentPort!.on('message', (request: AnalysisRequest) => {
  const reply = answer(request);
  if (parts.clock) reply.stages = parts.clock.report(name);
  const envelope = request.received.bytes.buffer as ArrayBuffer;
  // Header and signature are views of the envelope, and go back with it.
  parentPort!.postMessage(reply, reply.analysis ? [envelope, ...ownedBuffers(reply)] : []);
});
parentPort!.postMessage(READY);
