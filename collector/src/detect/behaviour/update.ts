// What an observation adds to the hours of the entities it is about.
import { LOCAL_ACCOUNTS } from '../local-accounts.ts';
import type { EntityTable } from './entity-table.ts';
import { AT, sketchBit } from './features.ts';
import { hashText } from './hash-text.ts';
import type { Hours } from './hours.ts';
import { FIRST, IMAGE, OBSERVED, type Observations, SECOND, type Texts, USER } from './observations.ts';
import { ObservedEntities } from './observed-entities.ts';
import { CATEGORY, type Profile } from './profile.ts';
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

/** Places in DISTINCT. */
const TRIED = 0;
const SOURCES = 1;
const PROGRAMS = 2;
const DESTINATIONS = 3;
const HOSTS = 4;

export class Updater {
  readonly #hours: Hours;
  readonly #sequences: Sequences;
  readonly #about: ObservedEntities;
  // Of the batch that is observed.
  #batch!: Observations;
  /** The host as an item of others. */
  #agent: Texts = { hashes: new Float64Array(1), texts: [''] };
  /** Texts of the batch that are told to the sequences already, by their place. */
  readonly #told: boolean[] = [];

  constructor(entities: EntityTable, hours: Hours, sequences: Sequences) {
    this.#hours = hours;
    this.#sequences = sequences;
    this.#about = new ObservedEntities(entities);
  }

  begin(batch: Observations): void {
    this.#batch = batch;
    if (batch.kinds.length === 0) return;
    this.#about.begin(batch);
    const hashes = this.#agent.hashes;
    hashes[0] = hashText(batch.agentId);
    this.#agent = { hashes, texts: [batch.agentName || batch.agentId] };
    this.#told.length = 0;
  }

  apply(row: number): void {
    this.#about.turnTo(row);
    const { kinds, values } = this.#batch;
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
        if (this.#open(this.#about.host)) this.#hours.addSample(this.#about.host, AT.load, amount);
        break;
      case OBSERVED.fileChanged:
        this.#add(this.#about.host, AT.files_changed, amount);
        this.#add(this.#about.account(), AT.files_changed, amount);
    }
  }

  #program(): void {
    const hours = this.#hours;
    const image = this.#about.place(IMAGE);
    const [pair, command] = [this.#about.place(FIRST), this.#about.place(SECOND)];
    const bit = sketchBit(this.#batch.hashes[image - 1]!);
    const people = this.#about.people();
    const doer = people[1] ?? this.#about.host;
    for (const profile of people) {
      if (!profile || !this.#open(profile)) continue;
      hours.add(profile, AT.programs, 1);
      hours.addDistinct(profile, PROGRAMS, bit);
      if (this.#item(profile, CATEGORY.program, image)) hours.add(profile, AT.programs_new, 1);
      if (profile.kind !== 'user') this.#item(profile, CATEGORY.pair, pair);
      this.#item(profile, CATEGORY.command, command);
      if (profile.kind === 'user') this.#onHost(profile);
      if (profile === doer) this.#nextProgram(profile);
      this.#askHour(profile);
    }
    const program = this.#about.program();
    if (!program || !this.#open(program)) return;
    hours.add(program, AT.programs, 1);
    this.#item(program, CATEGORY.pair, pair);
    this.#item(program, CATEGORY.peer, this.#about.place(USER));
    hours.addDistinct(program, HOSTS, sketchBit(this.#agent.hashes[0]!));
  }

  #connection(): void {
    const hours = this.#hours;
    const [network, port] = [this.#about.place(FIRST), this.#about.place(SECOND)];
    const bit = network > 0 ? sketchBit(this.#batch.hashes[network - 1]!) : 0;
    for (const profile of this.#about.everybody()) {
      if (!profile || !this.#open(profile)) continue;
      hours.add(profile, AT.connections, 1);
      if (network > 0) hours.addDistinct(profile, DESTINATIONS, bit);
      if (this.#item(profile, CATEGORY.destination, network)) hours.add(profile, AT.destinations_new, 1);
      this.#item(profile, CATEGORY.port, port);
    }
  }

  #traffic(out: number, received: number): void {
    for (const profile of this.#about.everybody()) {
      if (out > 0) this.#add(profile, AT.bytes_out, out);
      if (received > 0) this.#add(profile, AT.bytes_in, received);
    }
  }

  #logon(count: number): void {
    const source = this.#about.place(FIRST);
    for (const profile of this.#about.people()) {
      if (!profile || !this.#open(profile)) continue;
      this.#hours.add(profile, AT.logons, count);
      if (source > 0) this.#hours.addDistinct(profile, SOURCES, sketchBit(this.#batch.hashes[source - 1]!));
      const fresh = this.#item(profile, CATEGORY.source, source);
      if (profile.kind === 'account') {
        this.#next(profile, LOGIN, source === 0 ? LOGON.local : fresh ? LOGON.fresh : LOGON.known);
        this.#next(profile, PROGRAM, LOGON.local);
      }
      if (profile.kind === 'host') this.#item(profile, CATEGORY.peer, this.#about.place(USER));
      if (profile.kind === 'user') this.#onHost(profile);
      this.#askHour(profile);
    }
  }

  /** Names that are tried make nobody known: who attacks may try as many as they like. */
  #logonFailed(count: number): void {
    const [user, source] = [this.#about.place(USER), this.#about.place(FIRST)];
    const { hashes } = this.#batch;
    for (const profile of [this.#about.host, ...this.#about.knownPeople()]) {
      if (!profile || !this.#open(profile)) continue;
      this.#hours.add(profile, AT.logons_failed, count);
      if (user > 0 && profile.kind === 'host') this.#hours.addDistinct(profile, TRIED, sketchBit(hashes[user - 1]!));
      if (source > 0) this.#hours.addDistinct(profile, SOURCES, sketchBit(hashes[source - 1]!));
      if (profile.kind !== 'account') continue;
      const known = source > 0 && profile.seen.has(CATEGORY.source, hashes, source - 1);
      this.#next(profile, LOGIN, source === 0 ? FAILED.local : known ? FAILED.known : FAILED.fresh);
    }
  }

  #privilege(count: number): void {
    for (const profile of this.#about.people()) {
      if (!profile || !this.#open(profile)) continue;
      this.#hours.add(profile, AT.privilege_uses, count);
      if (profile.kind === 'account') this.#next(profile, LOGIN, PRIVILEGE);
      this.#askHour(profile);
    }
  }

  #open(profile: Profile): boolean {
    return this.#hours.open(profile, this.#about.hour);
  }

  #add(profile: Profile | undefined, feature: number, amount: number): void {
    if (profile && this.#open(profile)) this.#hours.add(profile, feature, amount);
  }

  #item(profile: Profile, category: number, place: number): boolean {
    return place > 0 && this.#hours.addItem(profile, category, this.#batch, place - 1);
  }

  #onHost(profile: Profile): void {
    this.#hours.addDistinct(profile, HOSTS, sketchBit(this.#agent.hashes[0]!));
    this.#hours.addItem(profile, CATEGORY.peer, this.#agent, 0);
  }

  #askHour(profile: Profile): void {
    if (profile.kind === 'user' || profile.kind === 'account') this.#hours.askHour(profile);
  }

  #next(profile: Profile, family: number, token: Token): void {
    this.#sequences.tell(token);
    this.#sequences.note(profile, family, this.#whoIs(profile), token.hash);
  }

  /** Who started which program; the program alone where nobody knows who did. */
  #nextProgram(profile: Profile): void {
    const place = this.#about.place(FIRST) || this.#about.place(IMAGE);
    const hash = this.#batch.hashes[place - 1]!;
    if (!this.#told[place]) {
      this.#told[place] = true;
      this.#sequences.tell({ hash, text: this.#batch.texts[place - 1]! });
    }
    this.#sequences.note(profile, PROGRAM, this.#whoIs(profile), hash);
  }

  #whoIs({ kind }: Profile): Token {
    if (kind === 'host') return NOBODY;
    const name = this.#batch.texts[this.#about.place(USER) - 1]!;
    return LOCAL_ACCOUNTS.has(name) ? localAccount(name) : PERSON;
  }
}
