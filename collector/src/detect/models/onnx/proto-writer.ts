// Protocol Buffers on the wire (protobuf.dev, "Encoding"), as much of it as an ONNX model needs to be written.
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** One message; fields stand in the order they are added. */
export class ProtoWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** An int64, int32, enum or bool. `value` is a safe integer. */
  integer(field: number, value: number): this {
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + FIXED32);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtoWriter): this {
    return this.bytes(field, value.#bytes.subarray(0, value.#length));
  }

  /** Repeated integers, packed. */
  integers(field: number, values: ArrayLike<number>): this {
    const packed = new ProtoWriter();
    for (let at = 0; at < values.length; at++) packed.#varint(values[at]!);
    return this.message(field, packed);
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + LENGTH_DELIMITED);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #varint(value: number): void {
    this.#reserve(10);
    if (value >= 0) {
      for (; value >= 0x80; value = Math.floor(value / 0x80)) this.#bytes[this.#length++] = (value % 0x80) | 0x80;
      this.#bytes[this.#length++] = value;
      return;
    }
    // Two's complement of 64 bits.
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
