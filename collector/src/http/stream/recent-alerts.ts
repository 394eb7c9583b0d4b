// The alerts of the last minutes, for streams that were cut and come again: of all collectors that share a Redis, else of this one.
//
// Form: #own in the order they were raised, each with the time, milliseconds since the Unix epoch; at most ENTRIES_MAX of the last
// minutes (LAYERS.live). In Redis a stream of its own, no longer than that.
import { Alert } from '@threatguard/proto';
import type { Cache } from '../../cache/cache.ts';
import { LAYERS } from '../../cache/cache-layer.ts';

const { ttlMs: AGE_MS_MAX, entriesMax: ENTRIES_MAX } = LAYERS.live;
export const REPLAY_SECONDS_MAX = AGE_MS_MAX / 1000;

interface Recent {
  atMs: number;
  alert: Alert;
}

export class RecentAlerts {
  readonly #cache: Pick<Cache, 'link' | 'layers'>;
  readonly #nowMs: () => number;
  readonly #key: string;
  #own: Recent[] = [];

  constructor(cache: Pick<Cache, 'link' | 'layers'>, nowMs: () => number) {
    this.#cache = cache;
    this.#nowMs = nowMs;
    this.#key = cache.layers.live.key('alerts');
  }

  /** Waits for nothing. */
  add(alerts: readonly Alert[]): void {
    const atMs = this.#nowMs();
    const own = [...this.#own, ...alerts.map((alert) => ({ atMs, alert }))];
    this.#own = own.filter((each) => atMs - each.atMs < AGE_MS_MAX).slice(-ENTRIES_MAX);
    const { link } = this.#cache;
    for (const alert of link ? alerts : []) {
      const text = Buffer.from(Alert.encode(alert).finish()).toString('base64');
      void link!.ask(async (client) => {
        await client.command('XADD', this.#key, 'MAXLEN', '~', ENTRIES_MAX, '*', 'at', atMs, 'alert', text);
        return client.command('PEXPIRE', this.#key, AGE_MS_MAX);
      });
    }
  }

  /** In the order they were raised; none twice. Never throws. */
  async since(sinceMs: number): Promise<Alert[]> {
    const { link, layers } = this.#cache;
    const reply = await link?.ask((client) => client.command('XREVRANGE', this.#key, '+', '-', 'COUNT', ENTRIES_MAX));
    const shared = Array.isArray(reply) ? reply.flatMap(readEntry) : [];
    const found = new Map<string, Recent>();
    for (const recent of [...shared, ...this.#own]) {
      const { id = '', revision = 0 } = recent.alert;
      if (recent.atMs >= sinceMs) found.set(`${id}:${revision}`, recent);
    }
    if (found.size > 0) layers.live.hits++;
    else layers.live.misses++;
    return [...found.values()].sort((a, b) => a.atMs - b.atMs).map(({ alert }) => alert);
  }
}

/** An entry of the stream: its id, and a list of names and values. What is no alert is left out. */
function readEntry(entry: unknown): Recent[] {
  const [, fields] = Array.isArray(entry) ? entry : [];
  if (!Array.isArray(fields)) return [];
  const named = new Map(
    fields.flatMap((name, at) => (at % 2 === 0 ? [[String(name), String(fields[at + 1])]] : [])) as [string, string][],
  );
  const atMs = Number(named.get('at'));
  try {
    const alert = Alert.decode(Buffer.from(named.get('alert') ?? '', 'base64'));
    return alert.id && Number.isSafeInteger(atMs) ? [{ atMs, alert }] : [];
  } catch {
    // Written by whoever may write there: not one of ours.
    return [];
  }
}
