// What every route of the HTTP service answers: once as it should be asked, and each way it refuses of its own. What all refuse
// alike (nobody, no scope, too much, too often) is not in here.
import type { CallOptions } from '../api-client.ts';
import type { ApiWorld } from '../api-world.ts';

/** A call, with the token of the admin where no other stands here; null for none. */
export interface Asked extends CallOptions {
  token?: string | null;
}

export type Ask = (world: ApiWorld) => Asked | Promise<Asked>;

export interface Refusal {
  what: string;
  status: 400 | 401 | 403 | 404 | 409;
  /** Where the first bad field stands. */
  path?: string;
  ask: Ask;
}

export interface Row {
  ask: Ask;
  status: 200 | 201 | 204 | 400;
  /** What the answer has among others. */
  has?: object;
  refused: readonly Refusal[];
}

export const refuses = (status: Refusal['status'], what: string, ask: Ask | Asked, path?: string): Refusal => ({
  what,
  status,
  ask: typeof ask === 'function' ? ask : () => ask,
  ...(path !== undefined && { path }),
});

export const answers = (
  status: Row['status'],
  has: object | undefined,
  ask: Ask | Asked,
  ...refused: Refusal[]
): Row => ({
  ask: typeof ask === 'function' ? ask : () => ask,
  status,
  ...(has && { has }),
  refused,
});

/** A token that is none: for routes that this host may ask without one. */
export const wrongToken = refuses(401, 'a token that is none', { token: 'x.y.z' });
