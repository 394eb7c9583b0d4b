// What binds a browser that shows an answer of ours. The same for every answer, so it is made once.
import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/** Nothing may be loaded but our own style sheet and pictures, nothing runs, and nobody may show a page of ours in his. */
const CONTENT_POLICY = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
};

/** By name in lower case. */
export function guardingHeaders({ tls }: { tls: boolean }): Record<string, string> {
  const headers: Record<string, string> = {};
  const guard = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_POLICY },
    strictTransportSecurity: tls ? { maxAge: 31_536_000 } : false,
    // With less, browsers send the forms of our own pages without their origin.
    referrerPolicy: { policy: 'same-origin' },
  });
  const answer = {
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => undefined,
  };
  guard({} as IncomingMessage, answer as unknown as ServerResponse, (error) => {
    if (error) throw error;
  });
  return headers;
}
