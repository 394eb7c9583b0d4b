// Squared distances of a few points from many, in floats of 32 bits, by the vector instructions that JavaScript does not have: a
// WebAssembly function put together here (WebAssembly 2.0, binary format). Its results are the same on any machine.
//
// Form of the memory: the queries, one after the other; the distances of all points from each; the points in blocks of 16, column after
// column. Of each block all queries are asked before the next, so that it is read once.
import type { Matrix } from './matrix.ts';

/** What Node has of WebAssembly and its types do not say. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Memory: new (options: { initial: number }) => { buffer: ArrayBuffer };
  Instance: new (module: object, imports: object) => { exports: Record<string, unknown> };
};

const BLOCK = 16;
const PAGE_BYTES = 65_536;
/** Queries at once. */
export const QUERIES_MAX = 8;

/** Parameters, then locals, of the function. */
const [QUERIES, POINTS, BLOCKS, COLUMN_BYTES, OUT, OUT_BYTES] = [0, 1, 2, 3, 4, 5];
const [AT, END, POINT, TO, LEFT, SPLAT, DIFFERENCE, SUMS] = [6, 7, 8, 9, 10, 11, 12, 13];
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
const ADD_FLOATS = [0xfd, 0xe4, 0x01];
const SUBTRACT_FLOATS = [0xfd, 0xe5, 0x01];
const MULTIPLY_FLOATS = [0xfd, 0xe6, 0x01];

/** Signed LEB128 of a number from 0 on. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 64; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

function code(): number[] {
  const step = LANES.flatMap((lane) => [
    ...[...get(POINT), ...loadVector(16 * lane), ...get(SPLAT), ...SUBTRACT_FLOATS, ...set(DIFFERENCE)],
    ...[...get(SUMS + lane), ...get(DIFFERENCE), ...get(DIFFERENCE), ...MULTIPLY_FLOATS, ...ADD_FLOATS],
    ...set(SUMS + lane),
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
  const queries = [
    ...LOOP,
    ...LANES.flatMap((lane) => [...ZERO_VECTOR, ...set(SUMS + lane)]),
    ...[...get(POINTS), ...set(POINT)],
    ...[...get(AT), ...get(COLUMN_BYTES), ADD, ...set(END)],
    ...columns,
    ...LANES.flatMap((lane) => [...get(TO), ...get(SUMS + lane), ...storeVector(16 * lane)]),
    ...[...get(TO), ...get(OUT_BYTES), ADD, ...set(TO)],
    ...[...get(LEFT), ...constant(1), SUBTRACT, ...set(LEFT)],
    ...[...get(LEFT), ...AGAIN_IF],
    END_OF_BLOCK,
  ];
  return [
    ...LOOP,
    ...[...constant(0), ...set(AT)],
    ...[...get(OUT), ...set(TO)],
    ...[...get(QUERIES), ...set(LEFT)],
    ...queries,
    // Where the last query ended the block did as well.
    ...[...get(POINT), ...set(POINTS)],
    ...[...get(OUT), ...constant(4 * BLOCK), ADD, ...set(OUT)],
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
  // Five integers and six vectors beside the six parameters.
  const body = [2, 5, I32, 6, V128, ...code()];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, ...sized([1, FUNCTION, 6, I32, I32, I32, I32, I32, I32, 0])],
    ...[2, ...sized([1, ...name('m'), ...name('m'), 2, 0, 0])],
    ...[3, ...sized([1, 0])],
    ...[7, ...sized([1, ...name('f'), 0, 0])],
    ...[10, ...sized([1, ...sized(body)])],
  ]);
}

let compiled: object | undefined;

/** The points of a matrix, ready for any number of queries. */
export class DistanceKernel {
  readonly #columns: number;
  readonly #queries: Float32Array;
  readonly #distances: Float32Array[];
  readonly #run: (queries: number) => void;

  constructor({ rows, columns, values }: Matrix) {
    compiled ??= new WebAssembly.Module(moduleBytes());
    const blocks = Math.ceil(rows / BLOCK);
    const outAt = 4 * BLOCK * Math.ceil((columns * QUERIES_MAX) / BLOCK);
    const outBytes = 4 * BLOCK * blocks;
    const pointsAt = outAt + QUERIES_MAX * outBytes;
    const bytes = pointsAt + outBytes * columns;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    const points = new Float32Array(memory.buffer, pointsAt, BLOCK * blocks * columns);
    for (let row = 0; row < rows; row++) {
      const start = Math.floor(row / BLOCK) * BLOCK * columns + (row % BLOCK);
      for (let column = 0; column < columns; column++) points[start + column * BLOCK] = values[row * columns + column]!;
    }
    this.#columns = columns;
    this.#queries = new Float32Array(memory.buffer, 0, columns * QUERIES_MAX);
    this.#distances = Array.from(
      { length: QUERIES_MAX },
      (_, query) => new Float32Array(memory.buffer, outAt + query * outBytes, rows),
    );
    const { f } = new WebAssembly.Instance(compiled, { m: { m: memory } }).exports;
    const run = f as (...args: number[]) => void;
    this.#run = (queries) => run(queries, pointsAt, blocks, 4 * columns, outAt, outBytes);
  }

  /**
   * The squared distances of every row from each of up to QUERIES_MAX queries, which stand one after the other: views that the next call
   * overwrites. At least one row and column.
   */
  squares(queries: Float64Array): readonly Float32Array[] {
    this.#queries.set(queries);
    const count = queries.length / this.#columns;
    this.#run(count);
    return this.#distances.slice(0, count);
  }
}
