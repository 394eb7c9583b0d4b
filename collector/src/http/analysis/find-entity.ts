import type { EntityName } from '../../correlate/entities.ts';
import { normalise } from '../../detect/intel/normalise.ts';
import type { Store } from '../../store/store.ts';

/** What is known of an entity; an address is found however it is written (`2001:DB8:0::7`). Undefined where nothing is. */
export async function findEntity(store: Pick<Store, 'entity'>, { kind, name }: EntityName) {
  const known = await store.entity({ kind, name });
  if (known || kind !== 'address') return known;
  const usual = normalise(name, 'address');
  return 'refused' in usual || usual.value === name ? undefined : store.entity({ kind, name: usual.value });
}
