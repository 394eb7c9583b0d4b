// Who makes a call: the connection it came on, and the user whose token it brought.
import type { Metadata } from '@grpc/grpc-js';
import type { Caller } from '../access/caller.ts';

export interface CallFrom {
  /** HOST:PORT, by which `Peers` knows the certificate. */
  address: string;
  /** Undefined where the certificate speaks for itself. */
  user: Caller | undefined;
}

/** By the metadata that authorisation handed on: nothing a peer sends gets in here. */
const users = new WeakMap<Metadata, Caller>();

export function noteUser(metadata: Metadata, user: Caller): void {
  users.set(metadata, user);
}

export function callFrom(call: { metadata: Metadata; getPeer(): string }): CallFrom {
  return { address: call.getPeer(), user: users.get(call.metadata) };
}
