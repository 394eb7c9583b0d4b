// A package holds JavaScript, so that no installed program carries a type stripper (33 MiB of resident memory). It is the
// source all the same: Node's own stripper puts blanks where types were, and every line and column stays where it was.
import { stripTypeScriptTypes } from 'node:module';

const RELATIVE_TYPESCRIPT = /(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/g;

/** The JavaScript of a TypeScript source; relative imports, workers and the like name the JavaScript files. */
export function eraseTypes(source: string): string {
  return nameJavaScript(stripTypeScriptTypes(source)).replace(/[ \t]+$/gm, '');
}

/** The same text, with `./file.ts` in quotes as `./file.js`; serves package.json and launchers too. */
export function nameJavaScript(text: string): string {
  return text.replace(RELATIVE_TYPESCRIPT, '$1$2.js$1');
}
