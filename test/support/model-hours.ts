// Three weeks of hours of a few hosts in a store, and a registry of the models that are trained from them.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activeProvider } from '@threatguard/proto';
import { FEATURE_COUNT } from '../../collector/src/detect/behaviour/features.ts';
import { HourGathering, packHours } from '../../collector/src/detect/behaviour/hour-rows.ts';
import { LAYOUT, Profile } from '../../collector/src/detect/behaviour/profile.ts';
import { ModelRegistry, type RegistryParts } from '../../collector/src/detect/behaviour/trained/registry.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import type { ModelRecord } from '../../collector/src/store/behaviour-store.ts';
import { openStore } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { emptyPglite } from './pglite.ts';

export const FIRST_HOUR = 490_000;
export const HOURS = 21 * 24;
export const HOSTS = 5;
const NOW_US = (FIRST_HOUR + HOURS) * 3_600_000_000;

/** The hour of a host: a few programs and connections, or what `change` makes of it. */
export function hourOf(host: number, hour: number, change: (values: Float32Array) => void = () => undefined): Profile {
  const random = new Random(host * 100_000 + hour);
  const profile = new Profile({ kind: 'host', name: `host-${host}`, hash: host + 1 }, FIRST_HOUR + hour);
  const values = profile.numbers.subarray(LAYOUT.window, LAYOUT.window + FEATURE_COUNT);
  for (const feature of [0, 5, 6, 8, 9, 11, 12]) values[feature] = Math.exp(2 + feature / 3 + 0.3 * random.normal());
  change(values);
  return profile;
}

/** Much more of everything, and of what it never had. */
export const exfiltration = (values: Float32Array) => {
  for (let feature = 0; feature < FEATURE_COUNT; feature++) values[feature] = 100 * values[feature]! + 50;
};

export const quietly = () => ({ progress: () => undefined, signal: new AbortController().signal });

export class ModelHours implements AsyncDisposable {
  readonly keys = activeProvider().generate('ML-DSA-65');
  readonly store: Store;
  /** Where models lie. */
  directory = '';
  readonly #root: string;

  private constructor(root: string, store: Store) {
    this.#root = root;
    this.store = store;
  }

  static async open(): Promise<ModelHours> {
    const root = mkdtempSync(join(tmpdir(), 'threatguard-models-'));
    (await emptyPglite())(join(root, 'store'));
    const store = await openStore({ url: undefined, directory: join(root, 'store') });
    const gathering = new HourGathering();
    for (let hour = 0; hour < HOURS; hour++) {
      for (let host = 0; host < HOSTS; host++) gathering.add(hourOf(host, hour));
      if (hour % 24 !== 23) continue;
      const hours = await Promise.all(gathering.take().map(packHours));
      await store.behaviour.save({ atUs: NOW_US, parts: [], hours });
    }
    return new ModelHours(root, store);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** An empty directory and no models. */
  async clear(): Promise<void> {
    this.directory = mkdtempSync(join(this.#root, 'models-'));
    const { models } = this.store;
    for (const { name, version } of await models.list()) await models.remove(name, version);
  }

  /** The file of the only model there is. */
  get file(): string {
    return join(this.directory, readdirSync(this.directory)[0]!);
  }

  registry(
    change: Partial<RegistryParts> = {},
    refused: (record: ModelRecord, why: string) => void = () => undefined,
  ): Promise<ModelRegistry> {
    const signer = { privateKey: this.keys.privateKey, certificate: { raw: Buffer.from('certificate') } };
    const parts = {
      directory: this.directory,
      store: this.store,
      alertsPerHostDay: 1,
      seed: 1,
      nowUs: () => NOW_US,
      signer: () => signer,
      ...change,
    };
    return ModelRegistry.load(parts as unknown as RegistryParts, refused);
  }
}
