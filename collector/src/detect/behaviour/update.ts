// Which entities an observation is about, and what it adds to their hours.
import { LOCAL_ACCOUNTS } from '../local-accounts.ts';
import type { EntityTable } from './entity-table.ts';
import { AT } from './features.ts';
import { hashPair, hashText } from './hash-text.ts';
import type { Hours } from './hours.ts';
import { FIRST, IMAGE, OBSERVED, type Observations, SECOND, TEXTS_PER_ROW, USER } from './observations.ts';
import { CATEGORY, ENTITY_KINDS, type EntityKind, type Profile } from './profile.ts';
import {
  FAILED,
  LOGIN,
  LOGON,
  localAccount,
  NOBODY,
  PERSON,
  PRIVILEGE,
  PROGRAM,
  type Token,
} from './sequences/families.ts';
import type { Sequences } from './sequences/sequences.ts';

const HOUR_US = 3_600_000_000;

const KIND_HASH = Object.fromEntries(ENTITY_KINDS.map((kind) => [kind, hashText(`kind ${kind}`)])) as Record<
  EntityKind,
  number
>;

/** Under which a host, user or program is known; of a host the name is its agent's id. */
export function hashEntity(kind: EntityKind, name: string): number {
  return hashPair(KIND_HASH[kind], hashText(name));
}

/** Places in DISTINCT. */
const TRIED = 0;
const SOURCES = 1;
const PROGRAMS = 2;
const DESTINATIONS = 3;
const HOSTS = 4;

export class Updater {
  readonly #entities: EntityTable;
  readonly #hours: Hours;
  readonly #sequences: Sequences;
  // Of the batch that is observed.
  #batch!: Observations;
  #agentHash = 0;
  #hour = 0;
  #row = 0;
  /** Entities by the place of their text, so that each is looked up once a batch. */
  #found: Record<'user' | 'account' | 'program', (Profile | undefined)[]> = { user: [], account: [], program: [] };
  #host!: Profile;
  /** Whom an observation is about, none where that is not known: host, account, user, program. Used for every observation. */
  readonly #who: (Profile | undefined)[] = [undefined, undefined, undefined, undefined];

  /** Texts of the batch that are told to the sequences already, by their place. */
  #told: boolean[] = [];

  constructor(entities: EntityTable, hours: Hours, sequences: Sequences) {
    this.#entities = entities;
    this.#hours = hours;
    this.#sequences = sequences;
  }

  begin(batch: Observations): void {
    this.#batch = batch;
    this.#agentHash = hashText(batch.agentId);
    this.#found = { user: [], account: [], program: [] };
    this.#told = [];
    if (batch.kinds.length === 0) return;
    this.#hour = hourOf(batch.atUs[0]!);
    const hash = hashPair(KIND_HASH.host, this.#agentHash);
    this.#host = this.#entities.take('host', hash, this.#hour, () => batch.agentId);
  }

  apply(row: number): void {
    this.#row = row;
    const { kinds, values, atUs } = this.#batch;
    this.#hour = hourOf(atUs[row]!);
    const amount = values[row * 2]!;
    switch (kinds[row]) {
      case OBSERVED.program:
        this.#program();
        break;
      case OBSERVED.connection:
        this.#connection();
        break;
      case OBSERVED.traffic:
        this.#traffic(amount, values[row * 2 + 1]!);
        break;
      case OBSERVED.logon:
        this.#logon(amount);
        break;
      case OBSERVED.logonFailed:
        this.#logonFailed(amount);
        break;
      case OBSERVED.privilege:
        this.#privilege(amount);
        break;
      case OBSERVED.load:
        if (this.#hours.open(this.#host, this.#hour)) this.#hours.addSample(this.#host, AT.load, amount);
        break;
      case OBSERVED.fileChanged:
        for (const profile of [this.#host, this.#account()]) this.#add(profile, AT.files_changed, amount);
    }
  }

  #program(): void {
    const hours = this.#hours;
    const image = this.#place(IMAGE);
    const hash = this.#batch.hashes[image - 1]!;
    const people = this.#people();
    const doer = people[1] ?? this.#host;
    for (const profile of people) {
      if (!profile || !hours.open(profile, this.#hour)) continue;
      hours.add(profile, AT.programs, 1);
      hours.addDistinct(profile, PROGRAMS, hash);
      if (this.#item(profile, CATEGORY.program, image)) hours.add(profile, AT.programs_new, 1);
      if (profile.kind !== 'user') this.#item(profile, CATEGORY.pair, this.#place(FIRST));
      this.#item(profile, CATEGORY.command, this.#place(SECOND));
      if (profile.kind === 'user') this.#onHost(profile);
      if (profile === doer) this.#nextProgram(profile);
      this.#askHour(profile);
    }
    const program = this.#programEntity();
    if (!program || !hours.open(program, this.#hour)) return;
    hours.add(program, AT.programs, 1);
    this.#item(program, CATEGORY.pair, this.#place(FIRST));
    this.#item(program, CATEGORY.peer, this.#place(USER));
    hours.addDistinct(program, HOSTS, this.#agentHash);
  }

  #connection(): void {
    const hours = this.#hours;
    const network = this.#place(FIRST);
    for (const profile of this.#everybody()) {
      if (!profile || !hours.open(profile, this.#hour)) continue;
      hours.add(profile, AT.connections, 1);
      if (network > 0) hours.addDistinct(profile, DESTINATIONS, this.#batch.hashes[network - 1]!);
      if (this.#item(profile, CATEGORY.destination, network)) hours.add(profile, AT.destinations_new, 1);
      this.#item(profile, CATEGORY.port, this.#place(SECOND));
    }
  }

  #traffic(out: number, received: number): void {
    for (const profile of this.#everybody()) {
      if (out > 0) this.#add(profile, AT.bytes_out, out);
      if (received > 0) this.#add(profile, AT.bytes_in, received);
    }
  }

  #logon(count: number): void {
    const source = this.#place(FIRST);
    this.#each(this.#people(), (profile) => {
      this.#hours.add(profile, AT.logons, count);
      if (source > 0) this.#hours.addDistinct(profile, SOURCES, this.#batch.hashes[source - 1]!);
      const fresh = this.#item(profile, CATEGORY.source, source);
      if (profile.kind === 'account') {
        this.#next(profile, LOGIN, source === 0 ? LOGON.local : fresh ? LOGON.fresh : LOGON.known);
        this.#next(profile, PROGRAM, LOGON.local);
      }
      if (profile.kind === 'host') this.#item(profile, CATEGORY.peer, this.#place(USER));
      if (profile.kind === 'user') this.#onHost(profile);
      this.#askHour(profile);
    });
  }

  /** Names that are tried make nobody known: who attacks may try as many as they like. */
  #logonFailed(count: number): void {
    const [user, source] = [this.#place(USER), this.#place(FIRST)];
    const { hashes } = this.#batch;
    const known =
      user > 0
        ? [
            this.#entities.find(hashPair(KIND_HASH.user, hashes[user - 1]!)),
            this.#entities.find(this.#accountHash(hashes[user - 1]!)),
          ]
        : [];
    this.#each([this.#host, ...known], (profile) => {
      this.#hours.add(profile, AT.logons_failed, count);
      if (user > 0 && profile.kind === 'host') this.#hours.addDistinct(profile, TRIED, hashes[user - 1]!);
      if (source > 0) this.#hours.addDistinct(profile, SOURCES, hashes[source - 1]!);
      if (profile.kind !== 'account') return;
      const known = source > 0 && profile.seen[CATEGORY.source]?.has(hashes[source - 1]!);
      this.#next(profile, LOGIN, source === 0 ? FAILED.local : known ? FAILED.known : FAILED.fresh);
    });
  }

  #privilege(count: number): void {
    this.#each(this.#people(), (profile) => {
      this.#hours.add(profile, AT.privilege_uses, count);
      if (profile.kind === 'account') this.#next(profile, LOGIN, PRIVILEGE);
      this.#askHour(profile);
    });
  }

  #add(profile: Profile | undefined, feature: number, amount: number): void {
    if (profile && this.#hours.open(profile, this.#hour)) this.#hours.add(profile, feature, amount);
  }

  #next(profile: Profile, family: number, token: Token): void {
    this.#sequences.tell(token);
    this.#sequences.note(profile, family, this.#whoIs(profile), token.hash);
  }

  /** Who started which program; the program alone where nobody knows who did. */
  #nextProgram(profile: Profile): void {
    const place = this.#place(FIRST) || this.#place(IMAGE);
    const hash = this.#batch.hashes[place - 1]!;
    if (!this.#told[place]) {
      this.#told[place] = true;
      this.#sequences.tell({ hash, text: this.#batch.texts[place - 1]! });
    }
    this.#sequences.note(profile, PROGRAM, this.#whoIs(profile), hash);
  }

  #whoIs({ kind }: Profile): Token {
    if (kind === 'host') return NOBODY;
    const name = this.#batch.texts[this.#place(USER) - 1]!;
    return LOCAL_ACCOUNTS.has(name) ? localAccount(name) : PERSON;
  }

  #onHost(profile: Profile): void {
    this.#hours.addDistinct(profile, HOSTS, this.#agentHash);
    this.#hours.addItem(profile, CATEGORY.peer, this.#agentHash, this.#batch.agentName || this.#batch.agentId);
  }

  #askHour(profile: Profile): void {
    if (profile.kind === 'user' || profile.kind === 'account') this.#hours.askHour(profile);
  }

  #item(profile: Profile, category: number, place: number): boolean {
    if (place === 0) return false;
    return this.#hours.addItem(profile, category, this.#batch.hashes[place - 1]!, this.#batch.texts[place - 1]!);
  }

  #each(profiles: readonly (Profile | undefined)[], work: (profile: Profile) => void): void {
    for (const profile of profiles) if (profile && this.#hours.open(profile, this.#hour)) work(profile);
  }

  #people(): (Profile | undefined)[] {
    const who = this.#who;
    who[0] = this.#host;
    who[1] = this.#account();
    who[2] = this.#user();
    who[3] = undefined;
    return who;
  }

  #everybody(): readonly (Profile | undefined)[] {
    const who = this.#people();
    who[3] = this.#programEntity();
    return who;
  }

  #place(column: number): number {
    return this.#batch.places[this.#row * TEXTS_PER_ROW + column]!;
  }

  #user(): Profile | undefined {
    const place = this.#place(USER);
    if (place === 0) return undefined;
    const known = this.#found.user[place];
    if (known) return known;
    const { texts, hashes } = this.#batch;
    const name = texts[place - 1]!;
    if (LOCAL_ACCOUNTS.has(name)) return undefined;
    const profile = this.#entities.take('user', hashPair(KIND_HASH.user, hashes[place - 1]!), this.#hour, () => name);
    this.#found.user[place] = profile;
    return profile;
  }

  #account(): Profile | undefined {
    const place = this.#place(USER);
    if (place === 0) return undefined;
    const known = this.#found.account[place];
    if (known) return known;
    const { texts, hashes, agentId } = this.#batch;
    const hash = this.#accountHash(hashes[place - 1]!);
    const profile = this.#entities.take('account', hash, this.#hour, () => `${texts[place - 1]}@${agentId}`);
    this.#found.account[place] = profile;
    return profile;
  }

  #accountHash(user: number): number {
    return hashPair(KIND_HASH.account, hashPair(user, this.#agentHash));
  }

  #programEntity(): Profile | undefined {
    const place = this.#place(IMAGE);
    if (place === 0) return undefined;
    const known = this.#found.program[place];
    if (known) return known;
    const { texts, hashes } = this.#batch;
    const hash = hashPair(KIND_HASH.program, hashes[place - 1]!);
    const profile = this.#entities.take('program', hash, this.#hour, () => texts[place - 1]!);
    this.#found.program[place] = profile;
    return profile;
  }
}

export function hourOf(atUs: number): number {
  return Math.max(0, Math.floor(atUs / HOUR_US));
}
