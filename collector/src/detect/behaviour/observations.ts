// What behavioural models need of a batch: a few numbers and texts of each event, in flat arrays, so that they are cheap to
// hand from the thread that opened the batch to the one that has the models. Texts stand once for a batch, by their place.
import { Activity, BATCH_EVENTS_MAX, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import type { EnrichedBatch } from '../../batch.ts';
import { hashText } from './hash-text.ts';
import { networkOf } from './network-of.ts';

/** What an observation is of. */
export const OBSERVED = {
  logon: 1,
  logonFailed: 2,
  privilege: 3,
  program: 4,
  connection: 5,
  traffic: 6,
  load: 7,
  fileChanged: 8,
} as const;

/** Texts of an observation, by their place in its row: 0 is none, else one more than the index in `texts`. */
export const USER = 0;
export const IMAGE = 1;
/** Source network of a logon, parent and child of a program, destination network of a connection. */
export const FIRST = 2;
/** Command of a program, port of a connection. */
export const SECOND = 3;
export const TEXTS_PER_ROW = 4;

/** Of a name or path, in UTF-16 units: what is longer is told apart well enough by its beginning. */
const TEXT_UNITS_MAX = 256;

export interface Observations {
  agentId: string;
  agentName: string;
  streamId: Uint8Array;
  sequence: number;
  texts: readonly string[];
  /** Of each text, 53 bits: never equal for two texts that matter, and 0 for none. */
  hashes: Float64Array;
  /** One of OBSERVED for each observation. */
  kinds: Uint8Array;
  /** Which event of the batch. */
  indexes: Uint32Array;
  atUs: Float64Array;
  /** TEXTS_PER_ROW for each observation. */
  places: Uint32Array;
  /** Two for each: how many facts it stands for and 0; of traffic bytes out and in; of load percent and 0. */
  values: Float64Array;
}

type ObservableBatch = Pick<EnrichedBatch, 'agentId' | 'agentName' | 'events' | 'eventTimesUs'> & {
  header: { streamId: Uint8Array; sequence: number };
};

export function observe({ agentId, agentName, header, events, eventTimesUs }: ObservableBatch): Observations {
  const rows = new Rows(events.length);
  for (let index = 0; index < events.length; index++)
    observeEvent(rows, events[index]!, index, eventTimesUs[index] ?? 0);
  return { agentId, agentName, streamId: header.streamId, sequence: header.sequence, ...rows.finish() };
}

function observeEvent(rows: Rows, event: HostEvent, index: number, atUs: number): void {
  const { class: kind, activity } = event;
  if (kind === EventClass.PROCESS) {
    if (activity === Activity.EXEC) observeProgram(rows, event, index, atUs);
  } else if (kind === EventClass.NETWORK) observeNetwork(rows, event, index, atUs);
  else if (kind === EventClass.AUTHENTICATION) observeLogon(rows, event, index, atUs);
  else if (kind === EventClass.HOST && activity === Activity.SAMPLE) {
    const percent = event.host?.cpuPercent ?? 0;
    if (percent > 0 && percent <= 100) rows.add(OBSERVED.load, index, atUs, percent, 0);
  } else if (kind === EventClass.FILE) {
    rows.add(OBSERVED.fileChanged, index, atUs, Math.max(1, count(event.file?.count)), 0);
    rows.text(USER, event.user?.name);
    rows.text(IMAGE, event.process?.executable);
  }
}

function observeProgram(rows: Rows, { user, process }: HostEvent, index: number, atUs: number): void {
  const image = process?.executable;
  if (!image) return;
  rows.add(OBSERVED.program, index, atUs, 1, 0);
  rows.text(USER, user?.name);
  rows.text(IMAGE, image);
  rows.pair(FIRST, process.parentExecutable || process.parentName || '', image);
  const argument = process.args?.[1] ?? '';
  if (COMMAND_WORD.test(argument)) rows.command(SECOND, image, argument);
}

/** A switch or a sub-command: what a program is asked to do, without on what. */
const COMMAND_WORD = /^-{0,2}[A-Za-z][A-Za-z-]{0,23}$/;
const INBOUND = 1;

function observeNetwork(
  rows: Rows,
  { activity, user, process, network }: HostEvent,
  index: number,
  atUs: number,
): void {
  if (!network) return;
  const inbound = network.direction === INBOUND;
  if (activity === Activity.CONNECTION_OPENED) {
    // Who comes in chose the time and the address; only what goes out is the host's own doing.
    if (inbound || isOwn(network.destinationAddress ?? '')) return;
    rows.add(OBSERVED.connection, index, atUs, 1, 0);
    rows.text(FIRST, networkOf(network.destinationAddress ?? ''));
    rows.port(SECOND, network.destinationPort ?? 0);
  } else if (activity === Activity.CONNECTION_CLOSED) {
    if (isOwn(network.destinationAddress ?? '')) return;
    const [sent, received] = [count(network.bytesSent), count(network.bytesReceived)];
    // Sent is what the source sent, which of a connection that came in is the peer (ECS source.bytes).
    rows.add(OBSERVED.traffic, index, atUs, inbound ? received : sent, inbound ? sent : received);
  } else return;
  rows.text(USER, user?.name);
  rows.text(IMAGE, process?.executable);
}

function observeLogon(rows: Rows, event: HostEvent, index: number, atUs: number): void {
  const { activity, outcome, user, authentication } = event;
  const facts = Math.max(1, count(authentication?.count));
  if (activity === Activity.LOGON) {
    rows.add(outcome === Outcome.FAILURE ? OBSERVED.logonFailed : OBSERVED.logon, index, atUs, facts, 0);
    rows.text(FIRST, networkOf(authentication?.sourceAddress ?? ''));
  } else if (activity === Activity.PRIVILEGE) rows.add(OBSERVED.privilege, index, atUs, facts, 0);
  else return;
  rows.text(USER, user?.name);
}

function isOwn(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '';
}

/** More than any host sends in an hour; sums of it still fit a number of single precision. */
const COUNT_MAX = 2 ** 53;

function count(value: number | null | undefined): number {
  return value && value > 0 ? Math.min(value, COUNT_MAX) : 0;
}

/** Room for the rows of one batch: observed one at a time, so one serves all, and what leaves is a copy. */
interface Room {
  kinds: Uint8Array;
  indexes: Uint32Array;
  atUs: Float64Array;
  places: Uint32Array;
  values: Float64Array;
}

function makeRoom(rows: number): Room {
  return {
    kinds: new Uint8Array(rows),
    indexes: new Uint32Array(rows),
    atUs: new Float64Array(rows),
    places: new Uint32Array(rows * TEXTS_PER_ROW),
    values: new Float64Array(rows * 2),
  };
}

let room = makeRoom(BATCH_EVENTS_MAX);

/** Rows as they are made. */
class Rows {
  readonly #texts: string[] = [];
  readonly #placeOf = new Map<string, number>();
  /** Places of texts that are made of two others. */
  readonly #joined = new Map<number, number>();
  readonly #room: Room;
  #count = 0;

  constructor(rowsMax: number) {
    if (rowsMax > room.kinds.length) room = makeRoom(rowsMax);
    this.#room = room;
  }

  add(kind: number, index: number, atUs: number, value: number, second: number): void {
    const row = this.#count++;
    const { kinds, indexes, atUs: times, places, values } = this.#room;
    kinds[row] = kind;
    indexes[row] = index;
    times[row] = atUs;
    for (let column = 0; column < TEXTS_PER_ROW; column++) places[row * TEXTS_PER_ROW + column] = 0;
    values[row * 2] = value;
    values[row * 2 + 1] = second;
  }

  /** A text of the row added last. */
  text(column: number, text: string | null | undefined): void {
    if (text) this.#put(column, this.#place(text));
  }

  port(column: number, port: number): void {
    if (port > 0)
      this.#put(
        column,
        this.#join(port, -1, () => String(port)),
      );
  }

  pair(column: number, parent: string, child: string): void {
    if (!parent) return;
    const [first, second] = [this.#place(parent), this.#place(child)];
    this.#put(
      column,
      this.#join(first, second, () => `${parent} > ${child}`),
    );
  }

  command(column: number, image: string, word: string): void {
    const [first, second] = [this.#place(image), this.#place(word)];
    // Apart from the pairs of parent and child, which are made of places, too.
    this.#put(
      column,
      this.#join(first + PLACES_MAX, second, () => `${image.slice(image.lastIndexOf('/') + 1)} ${word}`),
    );
  }

  finish() {
    const rows = this.#count;
    const hashes = new Float64Array(this.#texts.length);
    this.#texts.forEach((text, at) => {
      hashes[at] = hashText(text);
    });
    return {
      texts: this.#texts,
      hashes,
      kinds: this.#room.kinds.slice(0, rows),
      indexes: this.#room.indexes.slice(0, rows),
      atUs: this.#room.atUs.slice(0, rows),
      places: this.#room.places.slice(0, rows * TEXTS_PER_ROW),
      values: this.#room.values.slice(0, rows * 2),
    };
  }

  #put(column: number, place: number): void {
    this.#room.places[(this.#count - 1) * TEXTS_PER_ROW + column] = place;
  }

  #place(text: string): number {
    const known = this.#placeOf.get(text);
    if (known !== undefined) return known;
    this.#texts.push(text.length > TEXT_UNITS_MAX ? text.slice(0, TEXT_UNITS_MAX) : text);
    this.#placeOf.set(text, this.#texts.length);
    return this.#texts.length;
  }

  #join(first: number, second: number, make: () => string): number {
    const key = first * PLACES_MAX * 2 + second;
    let place = this.#joined.get(key);
    if (place === undefined) {
      place = this.#place(make());
      this.#joined.set(key, place);
    }
    return place;
  }
}

/** More than a batch has texts: 4 of each of its 4,096 events, and those made of two. */
const PLACES_MAX = 2 ** 20;
