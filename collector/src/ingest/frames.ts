import type { MethodDefinition } from '@grpc/grpc-js';
import {
  AgentFrame,
  type CertificateRequest,
  type CollectorFrame,
  type EpochConfirmation,
  type Heartbeat,
  type Hello,
  telemetryService,
} from '@threatguard/proto';

/** A frame as the session takes it; `malformed` is one that did not decode, or holds nothing. */
export type InboundFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'envelope'; bytes: Uint8Array }
  | { kind: 'heartbeat'; heartbeat: Heartbeat }
  | { kind: 'certificate_request'; request: CertificateRequest }
  | { kind: 'confirmation'; confirmation: EpochConfirmation }
  | { kind: 'malformed' };

/** Never throws: gRPC would end the whole stream over one bad frame. */
function readFrame(bytes: Uint8Array): InboundFrame {
  let frame: AgentFrame;
  try {
    frame = AgentFrame.decode(bytes);
  } catch {
    return { kind: 'malformed' };
  }
  if (frame.hello) return { kind: 'hello', hello: frame.hello };
  if (frame.envelope) return { kind: 'envelope', bytes: frame.envelope };
  if (frame.heartbeat) return { kind: 'heartbeat', heartbeat: frame.heartbeat };
  if (frame.certificateRequest) return { kind: 'certificate_request', request: frame.certificateRequest };
  if (frame.epochConfirmation) return { kind: 'confirmation', confirmation: frame.epochConfirmation };
  return { kind: 'malformed' };
}

/** The telemetry service as the collector serves it: frames that do not decode are values, not errors. */
export const telemetryServerService: { stream: MethodDefinition<InboundFrame, CollectorFrame> } = {
  stream: {
    ...telemetryService.stream,
    requestSerialize: () => {
      throw new TypeError('the collector sends no agent frames');
    },
    requestDeserialize: readFrame,
  },
};
