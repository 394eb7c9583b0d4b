// What a shard and its thread say to each other.
import type { KeyObject } from 'node:crypto';
import type { RefusalCode } from '@threatguard/proto';
import type { ReceivedEnvelope } from '../batch.ts';
import type { RuleFile } from '../detect/rules/load.ts';
import type { ChosenCrypto } from '../fleet/chosen-crypto.ts';
import type { StageReport } from '../stage-clock.ts';
import type { Analysis, Signer } from './analyse.ts';

/** What all threads begin with. */
export interface ShardData {
  ruleFiles: readonly RuleFile[];
  kemKeys: ReadonlyMap<number, KeyObject>;
  crypto: ChosenCrypto;
  /** Whether it says where the time goes. */
  timed: boolean;
}

export interface AnalysisRequest {
  id: number;
  received: ReceivedEnvelope;
  signer: Signer;
}

/** A refusal of an envelope; `sequence` is 0 where its header could not be believed. */
export interface RefusedAnalysis {
  code: RefusalCode;
  message: string;
  sequence: number;
}

export interface AnalysisReply {
  id: number;
  analysis?: Analysis;
  refusal?: RefusedAnalysis;
  /** A bug: the stack of what was thrown. */
  failure?: string;
  stages?: StageReport;
}

/** The first message of a thread: it is ready. */
export const READY = 'ready';
