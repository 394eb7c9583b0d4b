// What behavioural models need of a batch: a few numbers and texts of each event, in flat arrays, so that they are cheap to
// hand from the thread that opened the batch to the one that has the models. Texts stand once for a batch, by their place.
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import type { EnrichedBatch } from '../../batch.ts';
import { BatchTexts, type KnownText } from './batch-texts.ts';

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

/** Each once, beside its hash. */
export interface Texts {
  texts: readonly string[];
  /** Of each text, 53 bits: never equal for two texts that matter, and never 0. */
  hashes: Float64Array;
}

export interface Observations extends Texts {
  agentId: string;
  agentName: string;
  streamId: Uint8Array;
  sequence: number;
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
    rows.network(FIRST, network.destinationAddress);
    rows.port(SECOND, network.destinationPort ?? 0);
  } else if (activity === Activity.CONNECTION_CLOSED) {
    if (isOwn(network.destinationAddress ?? '')) return;
    const sent = count(network.bytesSent);
    const received = count(network.bytesReceived);
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
    rows.network(FIRST, authentication?.sourceAddress);
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

/** Rows as they are made: one array of bytes for all columns, as long as the batch could need. */
class Rows {
  readonly #texts = TEXTS;
  readonly #kinds: Uint8Array;
  readonly #indexes: Uint32Array;
  readonly #atUs: Float64Array;
  readonly #places: Uint32Array;
  readonly #values: Float64Array;
  #count = 0;

  constructor(rowsMax: number) {
    const room = new ArrayBuffer(rowsMax * ROW_BYTES);
    this.#atUs = new Float64Array(room, 0, rowsMax);
    this.#values = new Float64Array(room, 8 * rowsMax, 2 * rowsMax);
    this.#places = new Uint32Array(room, 24 * rowsMax, TEXTS_PER_ROW * rowsMax);
    this.#indexes = new Uint32Array(room, 40 * rowsMax, rowsMax);
    this.#kinds = new Uint8Array(room, 44 * rowsMax, rowsMax);
    this.#texts.begin();
  }

  add(kind: number, index: number, atUs: number, value: number, second: number): void {
    const row = this.#count++;
    this.#kinds[row] = kind;
    this.#indexes[row] = index;
    this.#atUs[row] = atUs;
    this.#values[row * 2] = value;
    this.#values[row * 2 + 1] = second;
  }

  /** A text of the row added last. */
  text(column: number, text: string | null | undefined): void {
    if (text) this.#put(column, this.#texts.take(text));
  }

  network(column: number, address: string | null | undefined): void {
    if (address) this.#put(column, this.#texts.takeNetwork(address));
  }

  port(column: number, port: number): void {
    if (port > 0) this.#put(column, this.#texts.take(String(port)));
  }

  pair(column: number, parent: string, child: string): void {
    if (parent) this.#put(column, this.#texts.join(PAIR, this.#texts.take(parent), this.#texts.take(child), sayPair));
  }

  command(column: number, image: string, word: string): void {
    this.#put(column, this.#texts.join(COMMAND, this.#texts.take(image), this.#texts.take(word), sayCommand));
  }

  finish() {
    const rows = this.#count;
    const full = rows === this.#kinds.length;
    return {
      ...this.#texts.finish(),
      kinds: full ? this.#kinds : this.#kinds.slice(0, rows),
      indexes: full ? this.#indexes : this.#indexes.slice(0, rows),
      atUs: full ? this.#atUs : this.#atUs.slice(0, rows),
      places: full ? this.#places : this.#places.slice(0, rows * TEXTS_PER_ROW),
      values: full ? this.#values : this.#values.slice(0, rows * 2),
    };
  }

  #put(column: number, { place }: KnownText): void {
    this.#places[(this.#count - 1) * TEXTS_PER_ROW + column] = place;
  }
}

/** Bytes of a row: one double, two doubles, four places, an index, a kind. */
const ROW_BYTES = 8 + 16 + 4 * TEXTS_PER_ROW + 4 + 1;
/** One batch is observed at a time. */
const TEXTS = new BatchTexts();
/** Texts that are made of two others. */
const PAIR = 0;
const COMMAND = 1;

function sayPair(parent: string, child: string): string {
  return `${parent} > ${child}`;
}

function sayCommand(image: string, word: string): string {
  return `${image.slice(image.lastIndexOf('/') + 1)} ${word}`;
}
