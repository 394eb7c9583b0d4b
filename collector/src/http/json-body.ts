// Bodies as values. How deep they nest is looked at before they are parsed: what reads them afterwards recurses.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError } from './problem.ts';

/** Our own schemas need 8. */
const DEPTH_MAX = 32;

/** Takes application/json, refuses what is too deep and names that would change what objects are. */
export function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const refusal = refuseCoding(request);
    if (refusal) {
      done(refusal, undefined);
      return;
    }
    const text = body.toString();
    if (isDeeperThan(text, DEPTH_MAX)) {
      done(new ProblemError('invalid', `/body: values nest deeper than ${DEPTH_MAX}`), undefined);
      return;
    }
    parse(request, text, (error, value) => {
      // The parser's own words quote what was sent.
      if (error)
        done(new ProblemError('invalid', '/body: this is not JSON, or has a name no object may have'), undefined);
      else done(null, value);
    });
  });
}

/** What was compressed, or is written in another alphabet, would be read as something else than was sent. */
function refuseCoding({ headers }: FastifyRequest): ProblemError | undefined {
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding.toLowerCase() !== 'identity') {
    return new ProblemError('unsupported_media_type', 'send the body as it is, without Content-Encoding');
  }
  const charset = /;\s*charset="?(?<name>[^\s";]+)/i.exec(headers['content-type'] ?? '')?.groups?.name;
  if (charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset)) return undefined;
  return new ProblemError('unsupported_media_type', 'send the body in UTF-8');
}

/** Whether brackets outside of texts nest deeper than this. Of text that is no JSON the answer does not matter. */
export function isDeeperThan(json: string, depthMax: number): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (inText) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inText = false;
    } else if (code === QUOTE) inText = true;
    else if (code === BRACE_OPEN || code === BRACKET_OPEN) {
      depth++;
      if (depth > depthMax) return true;
    } else if (code === BRACE_CLOSE || code === BRACKET_CLOSE) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, BRACE_OPEN, BRACE_CLOSE, BRACKET_OPEN, BRACKET_CLOSE] = [...'"\\{}[]'].map((each) =>
  each.charCodeAt(0),
) as [number, number, number, number, number, number];
