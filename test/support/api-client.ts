// A client generated from the OpenAPI document a collector serves, as somebody else would make one, and compiled.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ask } from './http.ts';
import { ROOT } from './source-files.ts';

const run = promisify(execFile);
const GENERATOR = new URL('./generate-client.ts', import.meta.url);

/** What a call of the client is given. */
export interface CallOptions {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Another collector than the client's. */
  baseUrl?: string;
}

export interface Called {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: data or problem, as the route has it; tests say what they expect
  body: any;
}

export interface Operation {
  /** "GET /api/threat/alerts/{id}". */
  route: string;
  responses: string[];
  /** Scopes one of which is needed; undefined where nobody has to be known. */
  scopes: string[] | undefined;
  hasBody: boolean;
  /** A body the document shows; undefined where it shows none. */
  example: unknown;
}

interface Described {
  responses: object;
  security: { bearer: string[] }[];
  requestBody?: { content: Record<string, { example?: unknown }> };
}

type Generated = Record<string, (options: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>>;

export class ApiClient implements Disposable {
  readonly operations: readonly Operation[];
  readonly directory: string;
  readonly #url: string;
  readonly #generated: Generated;

  private constructor(parts: { operations: Operation[]; directory: string; url: string; generated: Generated }) {
    this.operations = parts.operations;
    this.directory = parts.directory;
    this.#url = parts.url;
    this.#generated = parts.generated;
  }

  static async generate(url: string): Promise<ApiClient> {
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-client-'));
    const { body } = await ask(`${url}/openapi.json`);
    const document = join(directory, 'openapi.json');
    writeFileSync(document, JSON.stringify(body));
    const client = join(directory, 'client');
    await run(process.execPath, [fileURLToPath(GENERATOR), document, client]);
    const generated = (await import(join(client, 'index.ts'))) as Generated;
    const paths = Object.entries(body.paths as Record<string, Record<string, Described>>);
    const operations = paths.flatMap(([path, item]) =>
      Object.entries(item).map(([method, { responses, security, requestBody }]) => ({
        route: `${method.toUpperCase()} ${path}`,
        responses: Object.keys(responses),
        scopes: security[0]?.bearer,
        hasBody: requestBody !== undefined,
        example: requestBody?.content['application/json']?.example,
      })),
    );
    return new ApiClient({ operations, directory, url, generated });
  }

  /** Calls the function the generator made of a route. */
  async call(route: string, token: string | undefined, { headers, ...options }: CallOptions = {}): Promise<Called> {
    const call = this.#generated[functionOf(route)];
    if (!call) throw new TypeError(`the generated client has no ${functionOf(route)}`);
    const { data, error, response } = await call({
      baseUrl: this.#url,
      ...options,
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    });
    return { status: response.status, headers: response.headers, body: data ?? error };
  }

  /** Throws what the compiler says of the client and of a program that uses it. */
  async compile(program: string): Promise<void> {
    writeFileSync(join(this.directory, 'program.ts'), program);
    const compilerOptions = {
      ...{ target: 'esnext', module: 'nodenext', lib: ['esnext', 'dom', 'dom.iterable'], types: [] },
      // What is compiled is the client: what comes with the compiler is known to compile.
      ...{
        skipLibCheck: true,
        strict: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        verbatimModuleSyntax: true,
      },
    };
    const project = join(this.directory, 'tsconfig.json');
    writeFileSync(project, JSON.stringify({ compilerOptions, include: ['client', 'program.ts'] }));
    writeFileSync(join(this.directory, 'package.json'), '{"type":"module"}');
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    await run(process.execPath, [compiler, '-p', project]).catch(({ stdout }) => {
      throw new Error(String(stdout).slice(0, 4_000));
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** As the generator names it: "GET /api/users/{name}" is getApiUsersByName. */
function functionOf(route: string): string {
  const words = route
    .toLowerCase()
    .replace(/\{(\w+)\}/g, 'by-$1')
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  return words.map((word, at) => (at === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join('');
}
