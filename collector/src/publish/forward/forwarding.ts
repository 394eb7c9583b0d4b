// All targets together: started with the collector, woken with the outbox, each on its own.
import type { ForwardTargetState } from '@threatguard/proto';
import type { Exporter } from '@threatguard/proto/export';
import type { Duties } from '../../duties.ts';
import type { ForwardCursor, ForwardingStore } from '../../store/forwarding-store.ts';
import { StoreError } from '../../store/store-error.ts';
import { Forwarder } from './forwarder.ts';
import type { ForwardSettings } from './settings.ts';
import { SyslogTarget } from './syslog-target.ts';
import type { ForwardTarget } from './target.ts';
import { WebhookTarget } from './webhook-target.ts';

export interface ForwardingParts {
  settings: readonly ForwardSettings[];
  store: ForwardingStore;
  duties: Pick<Duties, 'alone'>;
  exporter: Exporter;
  nowMs: () => number;
  changed: (target: string, problem: string | undefined) => void;
  failed: (error: unknown) => void;
  /** For tests, which do not wait a second for a target that is away. */
  retryMsMin?: number;
}

export class Forwarding implements AsyncDisposable {
  readonly #parts: ForwardingParts;
  readonly #forwarders: readonly Forwarder[];

  private constructor(parts: ForwardingParts, forwarders: readonly Forwarder[]) {
    this.#parts = parts;
    this.#forwarders = forwarders;
  }

  /** Makes the store's targets those of the settings; each begins where it was. Waits for no target. */
  static async start(parts: ForwardingParts): Promise<Forwarding> {
    const { settings, store, duties, exporter, nowMs, changed, failed, retryMsMin } = parts;
    const wanted = settings.flatMap(({ name, what }) => [...new Set(what)].map((stream) => ({ name, stream })));
    const cursors = await store.useTargets(wanted);
    const forwarders = cursors.map((cursor) => {
      const own = settings.find(({ name }) => name === cursor.name)!;
      return Forwarder.start({
        settings: own,
        target: targetOf(own, parts),
        cursor,
        store,
        duties,
        exporter,
        nowUs: () => nowMs() * 1000,
        changed: (problem) => changed(labelOf(cursor), problem),
        failed,
        ...(retryMsMin !== undefined && { retryMsMin }),
      });
    });
    return new Forwarding(parts, forwarders);
  }

  /** There may be something new. Never waits. */
  wake(): void {
    for (const forwarder of this.#forwarders) if (forwarder.stream === 'alerts') forwarder.wake();
  }

  /** For `threatguard status`. What the store does not say is left out. */
  async states(): Promise<ForwardTargetState[]> {
    const { store, settings } = this.#parts;
    const kept = await store.targets().catch((error) => {
      if (error instanceof StoreError) return [];
      throw error;
    });
    return Promise.all(
      this.#forwarders.map(async ({ name, stream, problem }) => {
        const of = { name, stream };
        const row = kept.find((each) => each.name === name && each.stream === stream);
        const waiting = row && (await store.waiting(of).catch(() => undefined));
        return {
          ...of,
          kind: settings.find((each) => each.name === name)!.kind,
          delivering: problem === undefined,
          lastError: problem ?? '',
          waiting: waiting?.count ?? 0,
          oldestAtUs: waiting?.oldestAtUs ?? 0,
          delivered: row?.delivered ?? 0,
          refused: row?.refused ?? 0,
          missed: row?.missed ?? 0,
          deliveredAtUs: row?.deliveredAtUs ?? 0,
        };
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#forwarders.map((forwarder) => forwarder[Symbol.asyncDispose]()));
  }
}

function targetOf(settings: ForwardSettings, { exporter, nowMs }: ForwardingParts): ForwardTarget {
  if (settings.kind === 'syslog') return new SyslogTarget({ settings, hostname: exporter.observer || '-' });
  return new WebhookTarget({ settings, version: exporter.version, nowMs });
}

function labelOf({ name, stream }: ForwardCursor): string {
  return stream === 'alerts' ? name : `${name} (${stream})`;
}
