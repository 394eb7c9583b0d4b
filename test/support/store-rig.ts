import { afterAll, beforeAll } from 'vitest';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { ExplainingDatabase } from './explain.ts';
import type { EngineUnderTest } from './stores.ts';

export interface StoreRig<D extends Database = Database> {
  engine: EngineUnderTest;
  /** Of the store, for what it does not tell. */
  database: D;
  store: Store;
}

interface RigOptions<D extends Database> {
  /** When the store is opened; now where nothing else is said. */
  nowUs?: number;
  /** What stands in it before the first test. */
  fill?: (rig: StoreRig<D>) => Promise<unknown>;
  timeoutMs?: number;
}

/**
 * An engine and a new store on it, made before the tests of the block this is called in and gone after them; its parts
 * are there from the first test on.
 */
export function storeRig(start: () => Promise<EngineUnderTest>, options: RigOptions<Database> = {}): StoreRig {
  return rigOver(start, (database) => database, options);
}

/** The same, with the plan of every read at hand. */
export function explainedStoreRig(
  start: () => Promise<EngineUnderTest>,
  options: RigOptions<ExplainingDatabase> = {},
): StoreRig<ExplainingDatabase> {
  return rigOver(start, (database) => new ExplainingDatabase(database), options);
}

function rigOver<D extends Database>(
  start: () => Promise<EngineUnderTest>,
  over: (database: Database) => D,
  { nowUs, fill, timeoutMs }: RigOptions<D>,
): StoreRig<D> {
  const rig = {} as StoreRig<D>;
  beforeAll(async () => {
    rig.engine = await start();
    rig.database = over(openDatabase(rig.engine.location()));
    rig.store = await storeOver(rig.database, nowUs);
    await fill?.(rig);
  }, timeoutMs);
  afterAll(async () => {
    await rig.store?.[Symbol.asyncDispose]();
    await rig.engine?.[Symbol.asyncDispose]();
  });
  return rig;
}
