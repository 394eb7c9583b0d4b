// `threatguard-agent parse`: lines in, events out, for people asking why a log was not understood.
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { type HostEvent, toEcs } from '@threatguard/proto';
import { AuthParser } from './sensors/auth/parse.ts';
import { countYears } from './sensors/auth/syslog-time.ts';
import { LineSplitter } from './sensors/follow/line-splitter.ts';
import { readFalcoLine } from './sensors/import/falco.ts';
import type { Reading } from './sensors/import/reading.ts';
import { readTetragonLine } from './sensors/import/tetragon.ts';
import { parseAuditStream } from './sensors/process/audit-records.ts';
import { shapeOf, UnknownKinds } from './unknown-kinds.ts';

export interface ParseOptions {
  /** "auth", "audit", "falco" or "tetragon". */
  sensor: string;
  /** Of the first time that names no year; the next begins with each New Year. Without it the newest that is not in the future. */
  year?: number;
  /** Of times that name no zone: IANA name or offset; without it the host's own. */
  timezone?: string;
  /** Print the lines no parser knows to `error`. */
  unparsed?: boolean;
  input: Readable;
  output: Writable;
  error: Writable;
}

interface Parsed {
  /** `sent`: false for what `run` would not send, because another line states it or nobody logged on. */
  events: { event: HostEvent; line: number; sent?: false }[];
  known: boolean;
  /** Of an unknown line: who wrote it and what it looks like, or why it is not taken. */
  kind?: string;
}

interface LineParser {
  push(text: string, line: number): Parsed;
  end(): Parsed['events'];
  /** What else was counted, a sentence each. */
  summary?(): string[];
}

/** Longest line taken whole: Falco alerts and audit records carry whole command lines. */
const LINE_BYTES_MAX = 1024 * 1024;

/** Exit code: 0, also when lines were unknown (their number stands on `error`); 2 for options that make no sense. */
export async function runParse(options: ParseOptions): Promise<number> {
  const created = createLineParser(options);
  if (typeof created === 'string') {
    options.error.write(`${created}\n`);
    return 2;
  }
  const parser: LineParser = created;
  const splitter = new LineSplitter(0, false, LINE_BYTES_MAX);
  let closed = false;
  options.output.once('close', () => {
    closed = true;
  });
  options.output.once('error', () => {
    closed = true; // `... | head` has seen enough
  });
  let line = 0;
  let unknown = 0;
  let events = 0;
  const kinds = new UnknownKinds();

  async function take(text: string): Promise<void> {
    line++;
    if (text.trim() === '') return;
    const parsed = parser.push(text, line);
    await write(parsed.events);
    if (parsed.known) return;
    unknown++;
    kinds.add(printable(parsed.kind ?? shapeOf(text)));
    if (options.unparsed) options.error.write(`${line}: ${printable(text)}\n`);
  }

  async function write(found: Parsed['events']): Promise<void> {
    events += found.length;
    const text = found.map(({ event, ...rest }) => `${JSON.stringify({ ...toEcs(event), ...rest })}\n`).join('');
    if (text === '' || closed || options.output.write(text)) return;
    await Promise.race([once(options.output, 'drain'), once(options.output, 'close')]).catch(() => {
      closed = true;
    });
  }

  for await (const chunk of options.input) {
    for (const { text } of splitter.push(Buffer.from(chunk))) await take(text);
    if (closed) return 0;
  }
  const last = splitter.finish();
  if (last) await take(last.text);
  await write(parser.end());
  options.error.write(`${line} lines, ${events} events, ${unknown} lines no parser knows\n${kinds.report()}`);
  for (const sentence of parser.summary?.() ?? []) options.error.write(`${printable(sentence)}\n`);
  return 0;
}

/** The parser of a sensor, or what is wrong with the options. */
function createLineParser({ sensor, year, timezone }: ParseOptions): LineParser | string {
  if (year !== undefined && !(Number.isInteger(year) && year >= 1970 && year <= 9999))
    return `--year: ${year} is no year; give one such as 2026`;
  if (timezone !== undefined && !isTimeZone(timezone))
    return `--timezone: "${printable(timezone)}" is unknown; give a name such as Europe/Berlin, or an offset such as +02:00`;
  switch (sensor) {
    case 'auth': {
      const parser = new AuthParser('auth.file');
      const clock = {
        nowUs: Date.now() * 1000,
        timeZone: timezone,
        ...(year !== undefined && { yearOf: countYears(year) }),
      };
      return {
        push(text, line) {
          const { event, known, repeats, parts } = parser.parse(text, clock);
          if (event) return { events: [{ event, line, ...(repeats && { sent: false as const }) }], known };
          return { events: [], known, kind: `${parts?.program ?? 'no log line'}: ${shapeOf(parts?.message ?? text)}` };
        },
        end: () => [],
      };
    }
    case 'audit':
      return parseAuditStream();
    case 'falco':
      return importParser(readFalcoLine);
    case 'tetragon':
      return importParser(readTetragonLine);
    default:
      return `--sensor: "${printable(sensor)}" is unknown; give auth, audit, falco or tetragon`;
  }
}

/** Lines of another tool, each by itself. That the tool lost events is something we know. */
function importParser(read: (line: string) => Reading): LineParser {
  return {
    push(text, line) {
      const reading = read(text);
      if ('event' in reading) return { events: [{ event: reading.event, line }], known: true };
      return 'unknown' in reading ? { events: [], known: false, kind: reading.unknown } : { events: [], known: true };
    },
    end: () => [],
  };
}

function isTimeZone(name: string): boolean {
  try {
    Temporal.Now.zonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/** A log line may hold terminal escapes; what a person reads on a terminal holds none. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u${letter.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}
