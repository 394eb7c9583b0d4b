// Which entities the observations of a batch are about.
//
// Form: the present batch and row, and each entity of the batch by the place of its text, so that it is looked up once a batch.
import { LOCAL_ACCOUNTS } from '../local-accounts.ts';
import type { EntityTable } from './entity-table.ts';
import { hashPair, hashText } from './hash-text.ts';
import { IMAGE, type Observations, TEXTS_PER_ROW, USER } from './observations.ts';
import { ENTITY_KINDS, type EntityKind, type Profile } from './profile.ts';

const HOUR_US = 3_600_000_000;

const KIND_HASH = Object.fromEntries(ENTITY_KINDS.map((kind) => [kind, hashText(`kind ${kind}`)])) as Record<
  EntityKind,
  number
>;

/** Under which a host, user or program is known; of a host the name is its agent's id. */
export function hashEntity(kind: EntityKind, name: string): number {
  return hashPair(KIND_HASH[kind], hashText(name));
}

export function hourOf(atUs: number): number {
  return Math.max(0, Math.floor(atUs / HOUR_US));
}

type Found = (Profile | undefined)[];

export class ObservedEntities {
  /** The hour of the present row. */
  hour = 0;
  host!: Profile;
  readonly #entities: EntityTable;
  #batch!: Observations;
  #row = 0;
  #agentHash = 0;
  readonly #users: Found = [];
  readonly #accounts: Found = [];
  readonly #programs: Found = [];
  /** Whom a row is about, none where that is not known: host, account, user, program. Used for every row. */
  readonly #who: Found = [undefined, undefined, undefined, undefined];

  constructor(entities: EntityTable) {
    this.#entities = entities;
  }

  /** A batch of at least one row. */
  begin(batch: Observations): void {
    this.#batch = batch;
    this.#agentHash = hashText(batch.agentId);
    for (const found of [this.#users, this.#accounts, this.#programs]) forget(found, batch.texts.length);
    this.hour = hourOf(batch.atUs[0]!);
    const hash = hashPair(KIND_HASH.host, this.#agentHash);
    this.host = this.#entities.take('host', hash, this.hour, () => batch.agentId);
  }

  turnTo(row: number): void {
    this.#row = row;
    this.hour = hourOf(this.#batch.atUs[row]!);
  }

  /** Of a text of the present row: 0 where it has none, else one more than where it stands in the batch. */
  place(column: number): number {
    return this.#batch.places[this.#row * TEXTS_PER_ROW + column]!;
  }

  /** Host, account and user of the present row. The next question overwrites it. */
  people(): readonly (Profile | undefined)[] {
    const who = this.#who;
    who[0] = this.host;
    who[1] = this.account();
    who[2] = this.#user();
    who[3] = undefined;
    return who;
  }

  /** The same, and the program. */
  everybody(): readonly (Profile | undefined)[] {
    this.people();
    this.#who[3] = this.program();
    return this.#who;
  }

  /** User and account of the present row as far as they are known: asking makes nobody known. */
  knownPeople(): (Profile | undefined)[] {
    const place = this.place(USER);
    if (place === 0) return [];
    const hash = this.#batch.hashes[place - 1]!;
    return [this.#entities.find(hashPair(KIND_HASH.user, hash)), this.#entities.find(this.#accountHash(hash))];
  }

  account(): Profile | undefined {
    const place = this.place(USER);
    if (place === 0) return undefined;
    const known = this.#accounts[place];
    if (known) return known;
    const { texts, hashes, agentId } = this.#batch;
    const hash = this.#accountHash(hashes[place - 1]!);
    const profile = this.#entities.take('account', hash, this.hour, () => `${texts[place - 1]}@${agentId}`);
    this.#accounts[place] = profile;
    return profile;
  }

  program(): Profile | undefined {
    const place = this.place(IMAGE);
    if (place === 0) return undefined;
    const known = this.#programs[place];
    if (known) return known;
    const { texts, hashes } = this.#batch;
    const hash = hashPair(KIND_HASH.program, hashes[place - 1]!);
    const profile = this.#entities.take('program', hash, this.hour, () => texts[place - 1]!);
    this.#programs[place] = profile;
    return profile;
  }

  #user(): Profile | undefined {
    const place = this.place(USER);
    if (place === 0) return undefined;
    const known = this.#users[place];
    if (known) return known;
    const { texts, hashes } = this.#batch;
    const name = texts[place - 1]!;
    if (LOCAL_ACCOUNTS.has(name)) return undefined;
    const profile = this.#entities.take('user', hashPair(KIND_HASH.user, hashes[place - 1]!), this.hour, () => name);
    this.#users[place] = profile;
    return profile;
  }

  #accountHash(user: number): number {
    return hashPair(KIND_HASH.account, hashPair(user, this.#agentHash));
  }
}

/** Nobody is found yet by any place of a batch with so many texts. */
function forget(found: Found, texts: number): void {
  found.fill(undefined, 0, texts + 1);
  while (found.length <= texts) found.push(undefined);
}
