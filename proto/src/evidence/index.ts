// Evidence: the collector's Merkle tree, and bundles that prove what agents sent. Both ends need it: one writes, one verifies.
export type { OpenedEvidence } from './agent-walk.ts';
export { REFERENCES_MAX } from './alert-check.ts';
export { BUNDLE_MAGIC, BUNDLE_VERSION, BundleError, decodeRecord, encodeRecord, readBundle } from './bundle-file.ts';
export { FINDING_CODES, type FindingCode } from './findings.ts';
export type { KeptHead } from './head-check.ts';
export {
  consistencyRanges,
  EMPTY_ROOT,
  GrowingTree,
  inclusionRanges,
  joinParts,
  leafHash,
  type NodePlace,
  nodeHash,
  perfectParts,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts';
export { missingParts, rootFromParts } from './merkle-parts.ts';
export type { AgentReport, EvidenceReport, HeadReport } from './report.ts';
export { RUN_ENVELOPES_MAX } from './run-check.ts';
export { type CheckedTreeHead, readTreeHead, signTreeHead } from './tree-head.ts';
export { type VerifyOptions, verifyBundle } from './verify-bundle.ts';
