// Whether a correlation that holds is worth saying again.

/** Entities remembered per group for not firing again. */
const ENTITIES_MAX = 64;
/** Firings remembered per entity, so that late events do not repeat what was said of an older window. */
const FIRINGS_MAX = 8;

interface Fired {
  progress: number;
  atUs: number;
}

/** What a group has said, by entity. */
export type FiredByEntity = Map<string, Fired[]>;

/** True the first time, where it came to twice as much, and a whole time span away from every time before. Notes it then. */
export function isNews(
  fired: FiredByEntity,
  now: { entity: string; progress: number; atUs: number; spanUs: number },
): boolean {
  const { entity, progress, atUs } = now;
  const before = fired.get(entity) ?? [];
  const near = before.filter((each) => Math.abs(atUs - each.atUs) < now.spanUs);
  if (near.some((each) => progress < each.progress * 2)) return false;
  const others = before.filter((each) => !near.includes(each));
  fired.delete(entity);
  fired.set(entity, [...others, { progress, atUs }].slice(-FIRINGS_MAX));
  if (fired.size > ENTITIES_MAX) fired.delete(fired.keys().next().value!);
  return true;
}
