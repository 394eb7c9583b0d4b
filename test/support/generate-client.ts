// A client as somebody else makes one of the OpenAPI document: `node generate-client.ts DOCUMENT DIRECTORY`. In a process of its
// own, since the generator needs the compiler as a library, which TypeScript 7 is not: it is given the release before.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const [document, path] = process.argv.slice(2) as [string, string];
const compiler = import.meta.resolve('typescript-6');
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'typescript' && context.parentURL?.includes('/@hey-api/')
      ? next(compiler, context)
      : next(specifier, context),
});
const { createClient } = await import('@hey-api/openapi-ts');
await createClient({
  input: JSON.parse(readFileSync(document, 'utf8')),
  output: { path, module: { extension: '.ts' } },
  plugins: ['@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch'],
  logs: { level: 'silent' },
});
