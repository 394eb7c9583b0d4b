// The thread of a shard.
import { parentPort, workerData } from 'node:worker_threads';
import { RefusalError, selectCrypto, type VerifiedHeader, verifyEpochConfirmation } from '@threatguard/proto';
import { IntelIndex } from '../detect/intel/intel-index.ts';
import { IntelMatcher } from '../detect/intel/intel-matcher.ts';
import { compileRead } from '../detect/rules/compile-documents.ts';
import { EventMatcher } from '../detect/rules/event-matcher.ts';
import { wireRules } from '../detect/rules/wiring.ts';
import { StageClock } from '../stage-clock.ts';
import { type AnalysisParts, analyse, openingKey } from './analyse.ts';
import {
  type AnalysisReply,
  type AnalysisRequest,
  type ConfirmationRequest,
  READY,
  type ShardData,
  type ShardRequest,
  type ShardRules,
} from './messages.ts';
import { type Trial, Trials } from './trial.ts';

const { name, rules, crypto, timed, ...data } = workerData as ShardData & { name: string };
let { kemKeys } = data;
await selectCrypto(crypto);
const parts: AnalysisParts = {
  intel: new IntelMatcher(new IntelIndex(data.intel)),
  ...matcherOf(rules),
  kemPrivateKey: (epoch) => openingKey(kemKeys, epoch),
  clock: timed ? new StageClock() : undefined,
};

let trials = new Trials(rules);

function matcherOf({ documents, states, generation }: ShardRules): Pick<AnalysisParts, 'matcher' | 'generation'> {
  const compiled = compileRead({ documents, problems: [] }).rules.map(({ rule }) => rule);
  return { matcher: new EventMatcher(wireRules(compiled, states)), generation };
}

function answer({ id, received, signer }: AnalysisRequest): AnalysisReply {
  let header: VerifiedHeader | undefined;
  try {
    const analysis = analyse(received, signer, parts, (verified) => {
      header = verified;
    });
    return { id, analysis };
  } catch (error) {
    if (error instanceof RefusalError) {
      return { id, refusal: { code: error.code, message: error.message, sequence: header?.sequence ?? 0, header } };
    }
    return { id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function verifyConfirmations({ id, confirmations }: ConfirmationRequest): AnalysisReply {
  const confirmed = confirmations.map(({ agentId, confirmation, signer }) => {
    try {
      return verifyEpochConfirmation(confirmation, { agentId, publicKey: signer.publicKey });
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      return { code: error.code, message: error.message, sequence: 0 };
    }
  });
  return { id, confirmed };
}

function tryEvents(id: number, trial: string): AnalysisReply {
  try {
    return { id, tried: trials.run(JSON.parse(trial) as Trial) };
  } catch (error) {
    if (error instanceof RefusalError)
      return { id, refusal: { code: error.code, message: error.message, sequence: 0 } };
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

parentPort!.on('message', (request: ShardRequest) => {
  if ('kemKeys' in request) {
    kemKeys = request.kemKeys;
    parentPort!.postMessage({ id: request.id, inUse: true } satisfies AnalysisReply);
    return;
  }
  if ('intel' in request) {
    parts.intel = new IntelMatcher(new IntelIndex(request.intel));
    parentPort!.postMessage({ id: request.id, inUse: true } satisfies AnalysisReply);
    return;
  }
  if ('trial' in request) {
    parentPort!.postMessage(tryEvents(request.id, request.trial));
    return;
  }
  if ('rules' in request) {
    Object.assign(parts, matcherOf(request.rules));
    trials = new Trials(request.rules);
    parentPort!.postMessage({ id: request.id, inUse: true } satisfies AnalysisReply);
    return;
  }
  if ('confirmations' in request) {
    parentPort!.postMessage(verifyConfirmations(request));
    return;
  }
  const reply = answer(request);
  if (parts.clock) reply.stages = parts.clock.report(name);
  parentPort!.postMessage(reply, handedOver(request, reply));
});
parentPort!.postMessage(READY);
