// What a shard and its thread say to each other.
import type { ConfirmedEpoch, EpochConfirmation, RefusalCode, VerifiedHeader } from '@threatguard/proto';
import type { ReceivedEnvelope } from '../batch.ts';
import type { IndexBuffers } from '../detect/intel/intel-index.ts';
import type { ChosenCrypto } from '../fleet/chosen-crypto.ts';
import type { OpeningKeys } from '../fleet/epochs/kem-keys.ts';
import type { StageReport } from '../stage-clock.ts';
import type { Analysis, Signer } from './analyse.ts';
import type { Trial, TrialResult, TriedRules } from './trial.ts';

/** What a thread looks for. */
export interface ShardRules extends TriedRules {
  /** Of the engine that takes the matches. */
  generation: number;
}

/** What all threads begin with. */
export interface ShardData {
  rules: ShardRules;
  crypto: ChosenCrypto;
  kemKeys: OpeningKeys;
  /** Indicators, in memory that all threads share; none where undefined. */
  intel?: IndexBuffers | undefined;
  /** Whether it says where the time goes. */
  timed: boolean;
}

export interface AnalysisRequest {
  id: number;
  received: ReceivedEnvelope;
  signer: Signer;
}

/** Signed confirmations of epochs, many at once: each alone would cost more to hand over than to verify. */
export interface ConfirmationRequest {
  id: number;
  confirmations: readonly { agentId: string; confirmation: EpochConfirmation; signer: Signer }[];
}

/** From now on these keys and no others. */
interface KeysRequest {
  id: number;
  kemKeys: OpeningKeys;
}

interface TrialRequest {
  id: number;
  trial: Trial;
}

/** From now on these indicators and no others. */
interface IntelRequest {
  id: number;
  intel: IndexBuffers;
}

/** From now on these rules and no others. */
interface RulesRequest {
  id: number;
  rules: ShardRules;
}

export type ShardRequest =
  | AnalysisRequest
  | ConfirmationRequest
  | KeysRequest
  | IntelRequest
  | RulesRequest
  | TrialRequest;

/** A refusal of an envelope; `sequence` is 0 where its header could not be believed. */
export interface RefusedAnalysis {
  code: RefusalCode;
  message: string;
  sequence: number;
  /** What was verified before it was refused. */
  header?: VerifiedHeader | undefined;
}

export interface AnalysisReply {
  id: number;
  analysis?: Analysis;
  /** In the order of the request. */
  confirmed?: (ConfirmedEpoch | RefusedAnalysis)[];
  tried?: TrialResult;
  /** The keys, indicators or rules are in use. */
  inUse?: true;
  refusal?: RefusedAnalysis;
  /** A bug: the stack of what was thrown. */
  failure?: string;
  stages?: StageReport;
}

/** The first message of a thread: it is ready. */
export const READY = 'ready';
