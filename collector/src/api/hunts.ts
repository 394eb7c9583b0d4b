import type { handleServerStreamingCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import {
  HuntError,
  type HuntPart,
  type HuntRequest,
  type ListHuntsResponse,
  type ParsedHunt,
  parseHunt,
  type RemoveHuntRequest,
  type SavedHunt,
  type SaveHuntRequest,
  Severity,
} from '@threatguard/proto';
import type { AccessLog } from '../compliance/access-log.ts';
import { followHunt } from '../hunt/follow-hunt.ts';
import { runHunt } from '../hunt/run-hunt.ts';
import { type CallFrom, callFrom } from '../ingest/call-from.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { SavedHuntRecord } from '../store/hunt-store.ts';
import type { Store } from '../store/store.ts';
import { ApiError, toStatus, unary } from './grpc-status.ts';

const DAY_US = 86_400_000_000;
/** Hunts that run at one time: each keeps a connection to the database busy. */
const RUNNING_MAX = 4;
/** Questions of those who follow that are answered at one time: each comes every second, and is short as a rule. */
const FOLLOWED_MAX = 16;
/** What runs by itself runs no more often, */
const EVERY_SECONDS_MIN = 60;
/** and at least so often, as a run looks back no further. */
const EVERY_SECONDS_MAX = 86_400;
const NAME = /^[a-z][a-z0-9-]{0,63}$/;

export interface HuntServiceParts {
  store: Pick<Store, 'searchEvents' | 'countEvents' | 'arrivedEvents' | 'hunts'>;
  actor: (from: CallFrom) => AuditActor;
  /** Writes down what is read of persons, before it is answered. */
  accesses: Pick<AccessLog, 'note'>;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

/** The Hunt service. Callers are consoles: authorisation is done before. */
export function huntHandlers(parts: HuntServiceParts): UntypedServiceImplementation {
  const { store, actor, nowUs, failed } = parts;
  return {
    run: runHunts(parts),
    save: unary((request: SaveHuntRequest, from) => saveHunt(parts, request, actor(from)), failed),
    list: unary(async (): Promise<ListHuntsResponse> => ({ hunts: (await store.hunts.list()).map(told) }), failed),
    remove: unary(async ({ name = '' }: RemoveHuntRequest, from) => {
      const removed = await store.hunts.remove(name, nowUs(), actor(from));
      if (!removed) throw new ApiError('not_found', 'no hunt has this name; threatguard hunt list shows them');
      return {};
    }, failed),
  };
}

/** Streams parts as fast as the console takes them; ends the reads where it hangs up. */
function runHunts({
  store,
  actor,
  accesses,
  nowUs,
  failed,
}: HuntServiceParts): handleServerStreamingCall<HuntRequest, HuntPart> {
  const running = { hunts: 0, followed: 0 };
  return (call) => {
    const kind = call.request.arrivedSinceUs ? 'followed' : 'hunts';
    const most = kind === 'hunts' ? RUNNING_MAX : FOLLOWED_MAX;
    if (running[kind] >= most) {
      const details = `${most} hunts ${kind === 'hunts' ? 'run' : 'are followed'} already; try again when one has ended`;
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details });
      return;
    }
    running[kind] += 1;
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    const answer = async () => {
      const { query = '', sinceUs, untilUs, arrivedSinceUs } = call.request;
      const span = { sinceUs: sinceUs || nowUs() - DAY_US, ...(untilUs && { untilUs }) };
      const hunt = readHunt(query);
      const after = arrivedSinceUs ? { followed: true } : span;
      await accesses.note(actor(callFrom(call)), { action: 'events.hunted', subject: query ?? '', after });
      const { signal } = gone;
      const parts = arrivedSinceUs
        ? followHunt({ store, hunt, arrivedSinceUs, nowUs, signal })
        : runHunt({ store, hunt, span, signal });
      for await (const part of parts) {
        if (gone.signal.aborted) return;
        if (!call.write(part)) await drained(call, gone.signal);
      }
    };
    answer()
      .then(
        () => call.end(),
        (error: unknown) => {
          if (gone.signal.aborted) return;
          const known = toStatus(error);
          if (!known) failed(error);
          call.emit('error', known ?? { code: status.INTERNAL, details: 'the collector failed; its log says why' });
        },
      )
      .finally(() => {
        running[kind] -= 1;
      });
  };
}

function drained(call: { once(event: 'drain', listener: () => void): unknown }, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    call.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function saveHunt(parts: HuntServiceParts, request: SaveHuntRequest, by: AuditActor): Promise<SavedHunt> {
  const { name = '', query = '', everySeconds = 0, severity, replace } = request;
  if (!NAME.test(name)) throw new ApiError('invalid', 'the name of a hunt is of lower case letters, digits and dashes');
  const { where } = readHunt(query);
  const every = everySeconds ?? 0;
  if (every !== 0 && (every < EVERY_SECONDS_MIN || every > EVERY_SECONDS_MAX)) {
    throw new ApiError('invalid', `a hunt runs by itself every ${EVERY_SECONDS_MIN} s to ${EVERY_SECONDS_MAX} s`);
  }
  if (every !== 0 && !where) throw new ApiError('invalid', 'a hunt that runs by itself has a condition');
  const saved: SavedHuntRecord = {
    name,
    query,
    everySeconds: every,
    severity: severity || Severity.MEDIUM,
    savedBy: by.id,
    savedAtUs: parts.nowUs(),
    ranUntilUs: undefined,
    problem: '',
  };
  const result = await parts.store.hunts.save(saved, replace ?? false, by);
  if (result === 'exists') throw new ApiError('invalid', `there is a hunt "${name}"; --replace replaces it`);
  if (result === 'full') throw new ApiError('invalid', 'there are as many hunts as are kept; remove one');
  return told(saved);
}

/** Refuses with the place that is wrong, for consoles that did not look themselves. */
function readHunt(query: string): ParsedHunt {
  try {
    return parseHunt(query);
  } catch (error) {
    if (error instanceof HuntError) throw new ApiError('invalid', `at character ${error.at + 1}: ${error.message}`);
    throw error;
  }
}

function told({ ranUntilUs, severity, ...hunt }: SavedHuntRecord): SavedHunt {
  return { ...hunt, severity: severity as Severity, ranAtUs: ranUntilUs };
}
