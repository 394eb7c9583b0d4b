// The WebAssembly modules of @openforge-sh/liboqs, with two things its JavaScript does not offer:
//
// - ML-DSA with a context. The package binds OQS_SIG_sign and OQS_SIG_verify only, which sign with an empty one; the
//   functions below them, which take a context, are in the module without being exported. Their code stays as it is: its
//   export section gets names for them. Where they are is known of one build, so any other is refused by its digest.
// - Keys from a seed. Key generation draws exactly the seed from its source of randomness (FIPS 203 algorithm 19, FIPS 204
//   algorithm 1), so for that one call the source gives the seed.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export type LiboqsErrorCode = 'not_installed' | 'other_build' | 'self_test_failed';

/** The liboqs provider cannot be had; nothing falls back to another one in silence. */
export class LiboqsError extends Error {
  override readonly name = 'LiboqsError';
  readonly code: LiboqsErrorCode;

  constructor(code: LiboqsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One build of @openforge-sh/liboqs 0.14.3; both files hold all parameter sets of their family. */
export const MODULES = {
  signature: {
    file: 'ml-dsa-65.min.js',
    sha256: '9dc6e4a25daeb88d4c2d4dbd4001e850a86b50a6e92093163381d29990610d2d',
    /** Index of each function by the name it gets. All take (out or in, length, message, length, context, length, key). */
    exports: { 'ML-DSA-65 sign': 163, 'ML-DSA-65 verify': 162, 'ML-DSA-87 sign': 156, 'ML-DSA-87 verify': 155 },
  },
  kem: {
    file: 'ml-kem-768.min.js',
    sha256: 'b7a76403cf147be4ddffda93e9da322b938dceb687c1497fd4023b07a7e8cea5',
    exports: {},
  },
} as const;

type Pointer = number;

/** What Emscripten's module offers of what we call. Pointers are into HEAPU8, which changes when memory grows. */
export interface OqsModule {
  HEAPU8: Uint8Array;
  _OQS_init(): void;
  _malloc(bytes: number): Pointer;
  _free(pointer: Pointer): void;
  stringToUTF8(text: string, pointer: Pointer, bytesMax: number): void;
  _OQS_SIG_new(name: Pointer): Pointer;
  _OQS_SIG_keypair(sig: Pointer, publicKey: Pointer, privateKey: Pointer): number;
  _OQS_KEM_new(name: Pointer): Pointer;
  _OQS_KEM_keypair(kem: Pointer, publicKey: Pointer, privateKey: Pointer): number;
  _OQS_KEM_encaps(kem: Pointer, ciphertext: Pointer, sharedKey: Pointer, publicKey: Pointer): number;
  _OQS_KEM_decaps(kem: Pointer, sharedKey: Pointer, ciphertext: Pointer, privateKey: Pointer): number;
}

export interface LoadedModule {
  oqs: OqsModule;
  /** A function that got a name in MODULES. */
  call(name: string): WasmFunction;
  /** Runs `make` with `seed` as the only randomness there is; throws where it did not draw all of it, or more. */
  seeded(seed: Uint8Array, make: () => void): void;
}

type WasmFunction = (...parameters: number[]) => number;
type WasmImports = { a: Record<string, WasmFunction> };
type WasmModule = object;
type WasmInstance = { readonly exports: Readonly<Record<string, WasmFunction>> };

/** TypeScript describes it with the types of browsers only. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    compile(bytes: Uint8Array): Promise<WasmModule>;
    Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
  };
};

interface EmscriptenOptions {
  instantiateWasm(imports: WasmImports, done: (instance: WasmInstance, module: WasmModule) => void): void;
}

/** `c` of the module's imports is getentropy(pointer, length), 0 for success. */
const ENTROPY = 'c';

/** The WebAssembly in a script of Emscripten's, which holds it as one base64 literal. Throws LiboqsError `other_build`. */
export function extractWasm(script: string, { file, sha256 }: { file: string; sha256: string }): Buffer {
  // A module begins with "\0asm", version 1.
  const wasm = Buffer.from(/"(AGFzbQ[A-Za-z0-9+/=]+)"/.exec(script)?.[1] ?? '', 'base64');
  if (createHash('sha256').update(wasm).digest('hex') === sha256) return wasm;
  const advice = 'install version 0.14.3, or set crypto.provider to openssl';
  throw new LiboqsError('other_build', `${file} is not the build of liboqs this program was tested with; ${advice}`);
}

/** Throws LiboqsError where the package is not there or is another build. */
export async function loadModule(kind: keyof typeof MODULES): Promise<LoadedModule> {
  const { file, sha256, exports } = MODULES[kind];
  const location = locate(file);
  const text = await readFile(location, 'latin1').catch((cause: Error) => {
    throw new LiboqsError('not_installed', `${file} of @openforge-sh/liboqs cannot be read (${cause.message})`);
  });
  const wasm = extractWasm(text, { file, sha256 });
  const { default: factory } = (await import(location.href)) as {
    default: (options: EmscriptenOptions) => Promise<OqsModule>;
  };
  const compiled = await WebAssembly.compile(nameFunctions(wasm, exports));
  let seed: Uint8Array | undefined;
  let drawnBytes = 0;
  const { promise, resolve } = Promise.withResolvers<WasmInstance>();
  const oqs = await factory({
    instantiateWasm(imports, done) {
      const entropy = imports.a[ENTROPY]!;
      imports.a[ENTROPY] = (pointer, length) => {
        if (!seed) return entropy(pointer, length);
        oqs.HEAPU8.set(seed.subarray(drawnBytes, drawnBytes + length), pointer);
        drawnBytes += length;
        return 0;
      };
      const instance = new WebAssembly.Instance(compiled, imports);
      resolve(instance);
      done(instance, compiled);
    },
  });
  const instance = await promise;
  oqs._OQS_init();
  return {
    oqs,
    call: (name) => instance.exports[name]!,
    seeded(given, make) {
      seed = given;
      drawnBytes = 0;
      try {
        make();
      } finally {
        seed = undefined;
      }
      if (drawnBytes !== given.length) {
        throw new LiboqsError('self_test_failed', `a key drew ${drawnBytes} random bytes instead of ${given.length}`);
      }
    },
  };
}

const HEADER_BYTES = 8;
const EXPORT_SECTION = 7;
const FUNCTION = 0;

/** The module with names for functions that have none, appended to its export section (WebAssembly core 1.0, 5.5.10). */
function nameFunctions(wasm: Uint8Array, functions: Readonly<Record<string, number>>): Uint8Array {
  for (let at = HEADER_BYTES; at < wasm.length; ) {
    const size = readLeb(wasm, at + 1);
    const end = size.next + size.value;
    if (wasm[at] === EXPORT_SECTION) {
      const count = readLeb(wasm, size.next);
      const added = Object.entries(functions).map(([name, index]) =>
        Buffer.from([name.length, ...Buffer.from(name), FUNCTION, ...leb(index)]),
      );
      const entries = [Buffer.from(leb(count.value + added.length)), wasm.subarray(count.next, end), ...added];
      const section = Buffer.concat(entries);
      const before = [wasm.subarray(0, at), Buffer.from([EXPORT_SECTION, ...leb(section.length)])];
      return Buffer.concat([...before, section, wasm.subarray(end)]);
    }
    at = end;
  }
  return wasm;
}

/** Unsigned LEB128 (WebAssembly core 1.0, 5.2.2). */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

function readLeb(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let next = at;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[next++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next };
  }
}

function locate(file: string): URL {
  try {
    return new URL(`../dist/${file}`, import.meta.resolve('@openforge-sh/liboqs'));
  } catch (cause) {
    const advice = 'install it, or set crypto.provider to openssl';
    throw new LiboqsError('not_installed', `@openforge-sh/liboqs is not installed; ${advice}`, { cause });
  }
}
