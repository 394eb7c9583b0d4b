import type { OpenAPIV3_1 } from 'openapi-types';
import type { HttpApp } from '../app.ts';
import { apiPage } from '../pages/api-page.ts';
import { ICON, STYLE_SHEET } from '../pages/style.ts';

/** A minute: the same release answers the same. */
const CACHED = 'public, max-age=60';

/** The description of everything else: for programs, and for people. */
export function docsRoutes(app: HttpApp): void {
  const open = { config: { access: 'anyone', cost: 0 }, schema: { hide: true } } as const;
  // Routes never change once the service is ready.
  let document: string | undefined;
  let text: string | undefined;

  // Who types the address alone wants the page.
  app.get('/', open, (_, reply) => reply.redirect('/admin', 303));
  app.get('/openapi.json', open, (_, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.header('cache-control', CACHED).type('application/json').serializer(String).send(document);
  });
  app.get('/docs', open, (_, reply) => {
    text ??= apiPage(app.swagger() as OpenAPIV3_1.Document);
    return reply.header('cache-control', CACHED).type('text/html; charset=utf-8').serializer(String).send(text);
  });
  app.get('/assets/threatguard.css', open, (_, reply) =>
    reply.header('cache-control', CACHED).type('text/css; charset=utf-8').serializer(String).send(STYLE_SHEET),
  );
  app.get('/assets/threatguard.svg', open, (_, reply) =>
    reply.header('cache-control', CACHED).type('image/svg+xml').serializer(String).send(ICON),
  );
}
