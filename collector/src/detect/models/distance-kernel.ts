// Which of many points may be near a few others, in floats of 32 bits, by the vector instructions that JavaScript does not have: a
// WebAssembly function put together here (WebAssembly 3.0, binary format).
//
// The square of a distance is |x|^2 + |y|^2 - 2xy. Each point y is kept with |y|^2 as one column more, each query x as -2x with a 1
// behind it, so that the product of the two is the square without |x|^2, which is the same for all points. Rounding cannot make it larger
// than it is, since |y|^2 is kept smaller by more than all roundings together: what is far by it is far. Whether products are rounded before
// they are added is left to the machine (relaxed_madd), so whoever asks must measure what is near itself.
//
// Form of the memory: the queries, one after the other; the squares of all points for each; the points in blocks of 16, column after
// column. Of each block all queries are asked before the next, so that it is read once. Behind the squares of a query stands the least of
// each block, by which most blocks need not be looked at.
import type { Matrix } from './matrix.ts';

/** What Node has of WebAssembly and its types do not say. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Memory: new (options: { initial: number }) => { buffer: ArrayBuffer };
  Instance: new (module: object, imports: object) => { exports: Record<string, unknown> };
};

/** Points at a time. */
export const BLOCK = 16;
const PAGE_BYTES = 65_536;
/** The square of points that are none of ours, and fill the last block. */
const FAR = 3e38;
/** Half of the distance between neighbouring floats of 32 bits, as a share. */
const FLOAT_ERROR = 2 ** -24;
/** Queries at once. */
export const QUERIES_MAX = 8;

/** Parameters, then locals, of the function. */
const [QUERIES, POINTS, BLOCKS, COLUMN_BYTES, OUT, OUT_BYTES, LEAST] = [0, 1, 2, 3, 4, 5, 6];
const [AT, END, POINT, TO, LEFT, TO_LEAST, SPLAT, SUMS] = [7, 8, 9, 10, 11, 12, 13, 14];
const LANES = [0, 1, 2, 3];

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const constant = (value: number) => [0x41, ...leb(value)];
const ADD = 0x6a;
const SUBTRACT = 0x6b;
const LESS = 0x49;
const LOOP = [0x03, 0x40];
const AGAIN_IF = [0x0d, 0];
const END_OF_BLOCK = 0x0b;
/** With the prefix of vector instructions; those of memory are aligned to 4 bytes. */
const loadVector = (offset: number) => [0xfd, 0x00, 2, ...leb(offset)];
const loadSplat = [0xfd, 0x09, 2, 0];
const storeVector = (offset: number) => [0xfd, 0x0b, 2, ...leb(offset)];
const ZERO_VECTOR = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
const MULTIPLY_AND_ADD_FLOATS = [0xfd, 0x85, 0x02];
const LEAST_FLOATS = [0xfd, 0xe8, 0x01];
const storeFirstFloat = [0xfd, 0x5a, 2, 0, 0];
/** The vector `local` with its floats at these places. */
const shuffled = (local: number, floats: readonly number[]) => [
  ...[...get(local), ...get(local), 0xfd, 0x0d],
  ...floats.flatMap((float) => [0, 1, 2, 3].map((byte) => 4 * float + byte)),
];

/** Signed LEB128 of a number from 0 on. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 64; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

function code(): number[] {
  const step = LANES.flatMap((lane) => [
    ...[...get(POINT), ...loadVector(16 * lane), ...get(SPLAT), ...get(SUMS + lane)],
    ...[...MULTIPLY_AND_ADD_FLOATS, ...set(SUMS + lane)],
  ]);
  const columns = [
    ...LOOP,
    ...[...get(AT), ...loadSplat, ...set(SPLAT)],
    ...step,
    ...[...get(POINT), ...constant(4 * BLOCK), ADD, ...set(POINT)],
    ...[...get(AT), ...constant(4), ADD, ...set(AT)],
    ...[...get(AT), ...get(END), LESS, ...AGAIN_IF],
    END_OF_BLOCK,
  ];
  const leastOf = (local: number, other: readonly number[]) => [
    ...[...get(local), ...other, ...LEAST_FLOATS, ...set(SUMS)],
  ];
  const least = [
    ...LANES.slice(1).flatMap((lane) => leastOf(SUMS, get(SUMS + lane))),
    ...leastOf(SUMS, shuffled(SUMS, [2, 3, 0, 1])),
    ...leastOf(SUMS, shuffled(SUMS, [1, 0, 3, 2])),
    ...[...get(TO_LEAST), ...get(SUMS), ...storeFirstFloat],
    ...[...get(TO_LEAST), ...get(OUT_BYTES), ADD, ...set(TO_LEAST)],
  ];
  const queries = [
    ...LOOP,
    ...LANES.flatMap((lane) => [...ZERO_VECTOR, ...set(SUMS + lane)]),
    ...[...get(POINTS), ...set(POINT)],
    ...[...get(AT), ...get(COLUMN_BYTES), ADD, ...set(END)],
    ...columns,
    ...LANES.flatMap((lane) => [...get(TO), ...get(SUMS + lane), ...storeVector(16 * lane)]),
    ...least,
    ...[...get(TO), ...get(OUT_BYTES), ADD, ...set(TO)],
    ...[...get(LEFT), ...constant(1), SUBTRACT, ...set(LEFT)],
    ...[...get(LEFT), ...AGAIN_IF],
    END_OF_BLOCK,
  ];
  return [
    ...LOOP,
    ...[...constant(0), ...set(AT)],
    ...[...get(OUT), ...set(TO)],
    ...[...get(LEAST), ...set(TO_LEAST)],
    ...[...get(QUERIES), ...set(LEFT)],
    ...queries,
    // Where the last query ended the block did as well.
    ...[...get(POINT), ...set(POINTS)],
    ...[...get(OUT), ...constant(4 * BLOCK), ADD, ...set(OUT)],
    ...[...get(LEAST), ...constant(4), ADD, ...set(LEAST)],
    ...[...get(BLOCKS), ...constant(1), SUBTRACT, ...set(BLOCKS)],
    ...[...get(BLOCKS), ...AGAIN_IF],
    END_OF_BLOCK,
    END_OF_BLOCK,
  ];
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const [I32, V128, FUNCTION] = [0x7f, 0x7b, 0x60];
  const unsigned = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)];
  const sized = (bytes: readonly number[]) => [...unsigned(bytes.length), ...bytes];
  const name = (text: string) => sized([...text].map((letter) => letter.charCodeAt(0)));
  // Six integers and five vectors beside the seven parameters.
  const body = [2, 6, I32, 5, V128, ...code()];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, ...sized([1, FUNCTION, 7, ...new Array<number>(7).fill(I32), 0])],
    ...[2, ...sized([1, ...name('m'), ...name('m'), 2, 0, 0])],
    ...[3, ...sized([1, 0])],
    ...[7, ...sized([1, ...name('f'), 0, 0])],
    ...[10, ...sized([1, ...sized(body)])],
  ]);
}

let compiled: object | undefined;

/** Of one query, by row: the square of its distance without the square of the query itself, or less. Views that the next call overwrites. */
export interface Squares {
  squares: Float32Array;
  /** The least of each block of BLOCK rows. */
  least: Float32Array;
}

/** The points of a matrix, ready for any number of queries. */
export class DistanceKernel {
  /**
   * By what share of |x|^2 and of |y|^2 a square may be wrong: each of columns + 1 products and sums, and both factors, are rounded; twice
   * that, to be on the safe side.
   */
  readonly error: number;
  readonly #columns: number;
  readonly #queries: Float32Array;
  readonly #results: Squares[];
  readonly #run: (queries: number) => void;

  constructor({ rows, columns, values }: Matrix) {
    compiled ??= new WebAssembly.Module(moduleBytes());
    const blocks = Math.ceil(rows / BLOCK);
    const kept = columns + 1;
    const outAt = 4 * BLOCK * Math.ceil((kept * QUERIES_MAX) / BLOCK);
    const leastAt = 4 * BLOCK * blocks;
    const outBytes = leastAt + 4 * BLOCK * Math.ceil(blocks / BLOCK);
    const pointsAt = outAt + QUERIES_MAX * outBytes;
    const bytes = pointsAt + 4 * BLOCK * blocks * kept;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    this.error = 4 * (columns + 5) * FLOAT_ERROR;
    const points = new Float32Array(memory.buffer, pointsAt, BLOCK * blocks * kept);
    const place = (row: number, column: number) => (Math.floor(row / BLOCK) * kept + column) * BLOCK + (row % BLOCK);
    for (let row = 0; row < BLOCK * blocks; row++) {
      let square = 0;
      for (let column = 0; row < rows && column < columns; column++) {
        const value = values[row * columns + column]!;
        points[place(row, column)] = value;
        square += value * value;
      }
      points[place(row, columns)] = row < rows ? square * (1 - this.error) : FAR;
    }
    this.#columns = columns;
    this.#queries = new Float32Array(memory.buffer, 0, kept * QUERIES_MAX);
    this.#results = Array.from({ length: QUERIES_MAX }, (_, query) => ({
      squares: new Float32Array(memory.buffer, outAt + query * outBytes, rows),
      least: new Float32Array(memory.buffer, outAt + query * outBytes + leastAt, blocks),
    }));
    const { f } = new WebAssembly.Instance(compiled, { m: { m: memory } }).exports;
    const run = f as (...args: number[]) => void;
    this.#run = (queries) => run(queries, pointsAt, blocks, 4 * kept, outAt, outBytes, outAt + leastAt);
  }

  /** Of up to QUERIES_MAX queries, which stand one after the other. At least one row and column. */
  squares(queries: Float64Array): readonly Squares[] {
    const columns = this.#columns;
    const count = queries.length / columns;
    for (let query = 0, to = 0; query < count; query++) {
      for (let column = 0; column < columns; column++) this.#queries[to++] = -2 * queries[query * columns + column]!;
      this.#queries[to++] = 1;
    }
    this.#run(count);
    return this.#results.slice(0, count);
  }
}
