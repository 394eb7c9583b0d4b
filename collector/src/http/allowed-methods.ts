import type { FastifyInstance } from 'fastify';

/** What methods a path has, for those that ask with another one: 405 instead of 404. */
export class AllowedMethods {
  readonly #routes: { pattern: RegExp; methods: readonly string[] }[] = [];

  /** Notes every route that is added from now on. */
  watch(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url, method }) => {
      if (method === 'OPTIONS') return;
      const pattern = url
        .split('/')
        .map((part) => (part.startsWith(':') ? '[^/]+' : RegExp.escape(part)))
        .join('/');
      this.#routes.push({ pattern: new RegExp(`^${pattern}$`), methods: [method].flat() });
    });
  }

  /** Sorted; empty where there is no such path. */
  of(path: string): string[] {
    const bare = path.length > 1 ? path.replace(/\/$/, '') : path;
    const found = this.#routes.filter(({ pattern }) => pattern.test(bare)).flatMap(({ methods }) => methods);
    return [...new Set(found)].sort();
  }
}
