// The thread of a shard.
import { parentPort, workerData } from 'node:worker_threads';
import { RefusalError, selectCrypto } from '@threatguard/proto';
import { EventMatcher } from '../detect/rules/event-matcher.ts';
import { compileRules } from '../detect/rules/load.ts';
import { wireRules } from '../detect/rules/wiring.ts';
import { StageClock } from '../stage-clock.ts';
import { type AnalysisParts, analyse } from './analyse.ts';
import { type AnalysisReply, type AnalysisRequest, READY, type ShardData } from './messages.ts';

const { name, ruleFiles, kemKeys, crypto, timed } = workerData as ShardData & { name: string };
await selectCrypto(crypto);
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

/** Handed over instead of copied. Header and signature are views of the envelope, and go back with it. */
function handedOver({ received }: AnalysisRequest, { analysis }: AnalysisReply): ArrayBuffer[] {
  if (!analysis) return [];
  const { batch, matches } = analysis;
  return [received.bytes, batch.payload, batch.eventRows, batch.termRows, matches.events].map(
    ({ buffer }) => buffer as ArrayBuffer,
  );
}

parentPort!.on('message', (request: AnalysisRequest) => {
  const reply = answer(request);
  if (parts.clock) reply.stages = parts.clock.report(name);
  parentPort!.postMessage(reply, handedOver(request, reply));
});
parentPort!.postMessage(READY);
