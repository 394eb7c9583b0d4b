// Hours that are over, as rows of features: gathered until the next checkpoint takes them into the store.
//
// Form of a block: rows of ROW_BYTES one after another: hash of the entity (double), hour since the epoch (uint32), its score by the baselines (float),
// then the features (floats), little endian as everything this runs on.
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { HoursBlock } from '../../store/behaviour-store.ts';
import { FEATURE_COUNT } from './features.ts';
import { scoreOf } from './hours.ts';
import { ENTITY_KINDS, LAYOUT, type Profile } from './profile.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const HOUR_US = 3_600_000_000;
const HEAD_BYTES = 16;
const ROW_BYTES = HEAD_BYTES + FEATURE_COUNT * 4;
/** Rows of one kind between two checkpoints; more are counted and not kept. */
const ROWS_MAX = 100_000;
/** What a block may be when it is unpacked. */
const BLOCK_BYTES_MAX = ROWS_MAX * ROW_BYTES;

/** Rows of one block; row r has its entity at `entities[r]`, its hour at `hours[r]`, its features from `r * FEATURE_COUNT` on. */
export interface HourRows {
  entities: Float64Array;
  hours: Uint32Array;
  scores: Float32Array;
  features: Float32Array;
}

export class HourGathering {
  /** Hours that were not kept for lack of room. */
  dropped = 0;
  #rows: Record<number, Buffer[]> = {};

  add(profile: Profile): void {
    const kind = ENTITY_KINDS.indexOf(profile.kind);
    const rows = this.#rows[kind] ?? [];
    this.#rows[kind] = rows;
    if (rows.length >= ROWS_MAX) {
      this.dropped++;
      return;
    }
    const row = Buffer.alloc(ROW_BYTES);
    row.writeDoubleLE(profile.hash, 0);
    row.writeUInt32LE(profile.hour, 8);
    row.writeFloatLE(scoreOf(profile), 12);
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      row.writeFloatLE(profile.numbers[LAYOUT.window + feature]!, HEAD_BYTES + feature * 4);
    }
    rows.push(row);
  }

  /** What was gathered since the last time; from now on nothing is. */
  take(): { kind: number; rows: Buffer[] }[] {
    const taken = Object.entries(this.#rows).map(([kind, rows]) => ({ kind: Number(kind), rows }));
    this.#rows = {};
    return taken.filter(({ rows }) => rows.length > 0);
  }

  /** Rows of the kind of an entity that wait for the next checkpoint. */
  of({ kind }: Pick<Profile, 'kind'>): HourRows {
    return readRows(Buffer.concat(this.#rows[ENTITY_KINDS.indexOf(kind)] ?? []));
  }

  /** Puts back what could not be stored. */
  giveBack(taken: readonly { kind: number; rows: Buffer[] }[]): void {
    for (const { kind, rows } of taken) {
      const all = [...rows, ...(this.#rows[kind] ?? [])];
      this.dropped += Math.max(0, all.length - ROWS_MAX);
      this.#rows[kind] = all.slice(0, ROWS_MAX);
    }
  }
}

export async function packHours({ kind, rows }: { kind: number; rows: Buffer[] }): Promise<HoursBlock> {
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const row of rows) {
    const hour = row.readUInt32LE(8);
    first = Math.min(first, hour);
    last = Math.max(last, hour);
  }
  const bytes = await compress(Buffer.concat(rows));
  return { kind, firstAtUs: first * HOUR_US, lastAtUs: last * HOUR_US, hours: rows.length, bytes };
}

/** Rejects where the bytes are no such block. */
export async function unpackHours({ bytes, hours }: Pick<HoursBlock, 'bytes' | 'hours'>): Promise<HourRows> {
  const whole = await decompress(bytes, { maxOutputLength: BLOCK_BYTES_MAX });
  if (whole.length !== hours * ROW_BYTES) throw new RangeError('a block of hours has another length than it says');
  return readRows(whole);
}

function readRows(whole: Buffer): HourRows {
  const hours = whole.length / ROW_BYTES;
  const rows: HourRows = {
    entities: new Float64Array(hours),
    hours: new Uint32Array(hours),
    scores: new Float32Array(hours),
    features: new Float32Array(hours * FEATURE_COUNT),
  };
  for (let row = 0; row < hours; row++) {
    const at = row * ROW_BYTES;
    rows.entities[row] = whole.readDoubleLE(at);
    rows.hours[row] = whole.readUInt32LE(at + 8);
    rows.scores[row] = whole.readFloatLE(at + 12);
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      rows.features[row * FEATURE_COUNT + feature] = whole.readFloatLE(at + HEAD_BYTES + feature * 4);
    }
  }
  return rows;
}

/** Those of the rows that begin in a time. */
export function selectHours(rows: HourRows, { fromUs, untilUs }: { fromUs: number; untilUs: number }): HourRows {
  const chosen: number[] = [];
  for (let row = 0; row < rows.hours.length; row++) {
    const atUs = rows.hours[row]! * HOUR_US;
    if (atUs >= fromUs && atUs < untilUs) chosen.push(row);
  }
  if (chosen.length === rows.hours.length) return rows;
  const features = new Float32Array(chosen.length * FEATURE_COUNT);
  for (const [at, row] of chosen.entries()) {
    features.set(rows.features.subarray(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT), at * FEATURE_COUNT);
  }
  return {
    entities: Float64Array.from(chosen, (row) => rows.entities[row]!),
    hours: Uint32Array.from(chosen, (row) => rows.hours[row]!),
    scores: Float32Array.from(chosen, (row) => rows.scores[row]!),
    features,
  };
}
