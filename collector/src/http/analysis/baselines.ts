// What a host or a user did before a window, hour by hour. Four weeks of it are read for one judgement, and the hours before a
// window do not change, but for what an agent sends late: so they are remembered for a while, one past for each entity. The hours
// of the window itself are read each time.
import { z } from 'zod';
import type { CacheLayer } from '../../cache/cache-layer.ts';
import type { SeriesPoint, SeriesQuery } from '../../store/series.ts';

type Entity = { agentId: string } | { user: string };

/** Points as rows, which take a quarter of objects. */
const remembered = z.strictObject({
  fromUs: z.int(),
  toUs: z.int(),
  points: z.array(z.tuple([z.int(), z.int(), z.int(), z.number(), z.number()])),
});

export class Baselines {
  readonly #layer: CacheLayer;
  readonly #series: (query: SeriesQuery) => Promise<SeriesPoint[]>;

  constructor(layer: CacheLayer, series: (query: SeriesQuery) => Promise<SeriesPoint[]>) {
    this.#layer = layer;
    this.#series = series;
  }

  /** Hours from `fromUs` up to `toUs`, as they were at most the time of the layer ago. Throws StoreError. */
  async past(entity: Entity, fromUs: number, toUs: number): Promise<SeriesPoint[]> {
    const key = keyOf(entity);
    const known = readRemembered(await this.#layer.get(key));
    if (known && known.fromUs === fromUs && known.toUs === toUs) {
      return known.points.map(([atUs, kind, outcome, events, bytes]) => ({
        ...{ atUs, outcome, events, bytes },
        class: kind,
      }));
    }
    const points = await this.#series({ resolution: 'hour', fromUs, toUs, ...entity });
    const rows = points.map((point) => [point.atUs, point.class, point.outcome, point.events, point.bytes]);
    await this.#layer.set(key, JSON.stringify({ fromUs, toUs, points: rows }));
    return points;
  }

  /** For a person who was erased. */
  forget(user: string): Promise<void> {
    return this.#layer.delete(keyOf({ user }));
  }
}

function keyOf(entity: Entity): string {
  return JSON.stringify(entity);
}

/** What stands in Redis may have been written by another version, or by anybody who may write there. */
function readRemembered(text: string | undefined): z.output<typeof remembered> | undefined {
  if (text === undefined) return undefined;
  try {
    return remembered.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
