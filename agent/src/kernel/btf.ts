// Where the fields of the running kernel's structures lie: the BPF Type Format it carries (Documentation/bpf/btf.rst).

type BtfErrorCode = 'malformed' | 'missing_struct' | 'missing_field' | 'bitfield';

/** The type information is not readable, or this kernel has no such structure or field. */
export class BtfError extends Error {
  override readonly name = 'BtfError';
  readonly code: BtfErrorCode;

  constructor(code: BtfErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const TYPE_BYTES = 12;
const MEMBER_BYTES = 12;

const STRUCT = 4;
const UNION = 5;
const ENUM = 6;
const ENUM_ENTRY_BYTES = 8;
/** Kinds that only decorate another type: typedef, volatile, const, restrict, type tag. */
const DECORATIONS = new Set([8, 9, 10, 11, 18]);

/** Bytes that follow a type's head, by kind: fixed, and for each of its `vlen` entries. */
const TRAILERS: Record<number, { fixed: number; each: number }> = {
  1: { fixed: 4, each: 0 }, // int
  2: { fixed: 0, each: 0 }, // pointer
  3: { fixed: 12, each: 0 }, // array
  4: { fixed: 0, each: MEMBER_BYTES }, // struct
  5: { fixed: 0, each: MEMBER_BYTES }, // union
  6: { fixed: 0, each: 8 }, // enum
  7: { fixed: 0, each: 0 }, // forward declaration
  8: { fixed: 0, each: 0 }, // typedef
  9: { fixed: 0, each: 0 }, // volatile
  10: { fixed: 0, each: 0 }, // const
  11: { fixed: 0, each: 0 }, // restrict
  12: { fixed: 0, each: 0 }, // function
  13: { fixed: 0, each: 8 }, // function prototype
  14: { fixed: 4, each: 0 }, // variable
  15: { fixed: 0, each: 12 }, // section
  16: { fixed: 0, each: 0 }, // float
  17: { fixed: 4, each: 0 }, // declaration tag
  18: { fixed: 0, each: 0 }, // type tag
  19: { fixed: 0, each: 12 }, // enum64
};

interface Member {
  /** From the start of the struct; `bits` is the width of a bitfield, and 0 of anything else. */
  bitOffset: number;
  bits: number;
  type: number;
}

/** The types of one kernel. Only an index of where each type begins is kept beside the bytes. */
export interface Btf {
  /** Bytes from the start of `struct name` to the field; a path such as `d_name.name` goes through nested structs. */
  offsetOf(struct: string, path: string): number;
  /** The same, or undefined where this kernel was built without the field. */
  findOffset(struct: string, path: string): number | undefined;
  /** The number of a constant of `enum name`. */
  findConstant(enumeration: string, constant: string): number | undefined;
}

/** Indexes the bytes of `/sys/kernel/btf/vmlinux`. Throws BtfError where they are none. */
export function parseBtf(bytes: Buffer): Btf {
  if (bytes.length < HEADER_BYTES || bytes.readUInt16LE(0) !== MAGIC)
    throw new BtfError('malformed', 'this is not BTF in the byte order of this program (magic number 0xeb9f)');
  const headerBytes = bytes.readUInt32LE(4);
  const typesStart = headerBytes + bytes.readUInt32LE(8);
  const typesEnd = typesStart + bytes.readUInt32LE(12);
  const stringsStart = headerBytes + bytes.readUInt32LE(16);
  const stringsEnd = stringsStart + bytes.readUInt32LE(20);
  if (typesEnd > bytes.length || stringsEnd > bytes.length)
    throw new BtfError('malformed', `BTF is cut short: ${bytes.length} bytes of ${Math.max(typesEnd, stringsEnd)}`);
  const starts = indexTypes(bytes, typesStart, typesEnd);

  const kind = (id: number) => (bytes.readUInt32LE(starts[id]! + 4) >>> 24) & 0x1f;
  const isComposite = (id: number) => kind(id) === STRUCT || kind(id) === UNION;

  function hasName(at: number, name: Buffer): boolean {
    const start = stringsStart + bytes.readUInt32LE(at);
    return start + name.length <= stringsEnd && bytes.compare(name, 0, name.length, start, start + name.length) === 0;
  }

  function undecorated(id: number): number {
    let type = id;
    for (let depth = 0; depth < 32 && starts[type] !== undefined && DECORATIONS.has(kind(type)); depth++)
      type = bytes.readUInt32LE(starts[type]! + 8);
    return type;
  }

  /** Looks through members without a name: what lies in an anonymous union is a field of the struct around it. */
  function findMember(id: number, name: Buffer, depth = 0): Member | undefined {
    const start = starts[id];
    if (start === undefined || !isComposite(id) || depth > 16) return undefined;
    const info = bytes.readUInt32LE(start + 4);
    for (let index = 0; index < (info & 0xffff); index++) {
      const at = start + TYPE_BYTES + MEMBER_BYTES * index;
      const anonymous = bytes.readUInt32LE(at) === 0;
      if (!anonymous && !hasName(at, name)) continue;
      const word = bytes.readUInt32LE(at + 8);
      const bitOffset = info >>> 31 ? word & 0xff_ffff : word; // with the kind flag the upper byte is a bitfield's width
      const type = undecorated(bytes.readUInt32LE(at + 4));
      if (!anonymous) return { bitOffset, bits: info >>> 31 ? word >>> 24 : 0, type };
      const inner = findMember(type, name, depth + 1);
      if (inner) return { ...inner, bitOffset: bitOffset + inner.bitOffset };
    }
    return undefined;
  }

  function* namedTypes(ofKind: number, name: string): Generator<number> {
    const wanted = terminated(name);
    for (let id = 1; id < starts.length; id++) if (kind(id) === ofKind && hasName(starts[id]!, wanted)) yield id;
  }

  const cached = new Map<string, number[]>();
  function findField(struct: string, path: string): Member | undefined {
    const ids = cached.get(struct) ?? [...namedTypes(STRUCT, struct)];
    cached.set(struct, ids);
    if (ids.length === 0) throw new BtfError('missing_struct', `this kernel's BTF has no struct ${struct}`);
    // Two files of the kernel may each have a struct of one name; the one with the field is meant.
    for (const id of ids) {
      let at: Member | undefined = { bitOffset: 0, bits: 0, type: id };
      for (const part of path.split('.')) {
        const member: Member | undefined = at && findMember(at.type, terminated(part));
        at = at && member && { ...member, bitOffset: at.bitOffset + member.bitOffset };
      }
      if (at) return at;
    }
    return undefined;
  }

  function findOffset(struct: string, path: string): number | undefined {
    const field = findField(struct, path);
    if (field && (field.bits > 0 || field.bitOffset % 8 !== 0))
      throw new BtfError('bitfield', `struct ${struct}: ${path} is a bitfield`);
    return field && field.bitOffset / 8;
  }

  return {
    findOffset,
    offsetOf(struct, path) {
      const offset = findOffset(struct, path);
      if (offset === undefined)
        throw new BtfError('missing_field', `this kernel's struct ${struct} has no field ${path}`);
      return offset;
    },
    findConstant(enumeration, constant) {
      const wanted = terminated(constant);
      for (const id of namedTypes(ENUM, enumeration)) {
        const start = starts[id]!;
        const entries = bytes.readUInt32LE(start + 4) & 0xffff;
        for (let at = start + TYPE_BYTES; at < start + TYPE_BYTES + entries * ENUM_ENTRY_BYTES; at += ENUM_ENTRY_BYTES)
          if (hasName(at, wanted)) return bytes.readInt32LE(at + 4);
      }
      return undefined;
    },
  };
}

const terminated = (name: string) => Buffer.from(`${name}\0`, 'latin1');

function indexTypes(bytes: Buffer, typesStart: number, typesEnd: number): Uint32Array {
  const starts = new Uint32Array(1 + Math.floor((typesEnd - typesStart) / TYPE_BYTES));
  let count = 1; // type 0 is void and has no entry
  for (let at = typesStart; at < typesEnd; ) {
    if (at + TYPE_BYTES > typesEnd) throw new BtfError('malformed', `BTF type ${count} is cut short`);
    const info = bytes.readUInt32LE(at + 4);
    const trailer = TRAILERS[(info >>> 24) & 0x1f];
    if (!trailer)
      throw new BtfError('malformed', `BTF type ${count} is of kind ${(info >>> 24) & 0x1f}, newer than this program`);
    starts[count++] = at;
    at += TYPE_BYTES + trailer.fixed + trailer.each * (info & 0xffff);
    if (at > typesEnd) throw new BtfError('malformed', `BTF type ${count - 1} is cut short`);
  }
  return starts.slice(0, count);
}
