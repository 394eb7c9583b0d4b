// Ink without what it does not need to begin. To be imported, and done, before Ink is; without it Ink is the same, only
// slower to start.
// - It takes one function of es-toolkit/compat, whose index loads some four hundred files: a third of a second on a small
//   machine, and 20 MiB.
// - It measures texts with string-width, which is slow to load and seldom needed: see text-width.ts.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const INDEX = 'es-toolkit/compat';
const INDEX_FILE = '/dist/compat/index.mjs';
const THROTTLE_FILE = '/dist/compat/function/throttle.mjs';
const WIDTH = 'string-width';
const TEXT_WIDTH = new URL('../model/text-width.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL ?? '';
    if (specifier === WIDTH && parent.includes('/node_modules/')) return { url: TEXT_WIDTH, shortCircuit: true };
    const resolved = next(specifier, context);
    const fromInk = specifier === INDEX && /\/ink\/build\/ink\.js$/.test(parent);
    if (!fromInk || !resolved.url.endsWith(INDEX_FILE)) return resolved;
    // Where the index itself takes it from; in another layout of the package it stays the index.
    const throttle = resolved.url.slice(0, -INDEX_FILE.length) + THROTTLE_FILE;
    return existsSync(new URL(throttle)) ? { ...resolved, url: throttle } : resolved;
  },
});

/**
 * Loads what imports Ink. Its layout engine reads the program it carries as a `data:` URL through fetch() where there is
 * one, for which Node loads a whole HTTP client; without it decodes those bytes itself.
 */
export async function withoutFetch<Module>(load: () => Promise<Module>): Promise<Module> {
  const { fetch } = globalThis;
  Reflect.deleteProperty(globalThis, 'fetch');
  try {
    return await load();
  } finally {
    globalThis.fetch = fetch;
  }
}
