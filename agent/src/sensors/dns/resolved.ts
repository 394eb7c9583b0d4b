// What systemd-resolved's monitor says of a query: the parameters of io.systemd.Resolve.Monitor.SubscribeQueryResults (systemd 252).
import { Outcome } from '@threatguard/proto';
import { formatIPv6 } from '../process/ebpf-record.ts';
import { type DnsQuery, typeName, withoutRoot } from './query.ts';

/** Questions of one result: A and AAAA of a name are asked together. */
const QUESTIONS_MAX = 8;
const ANSWERS_MAX = 64;

/** The queries of one result; none where it is none (the first message says that the monitor is ready). */
export function parseResolvedResult(parameters: unknown, nowUs: number): DnsQuery[] {
  const { question, answer, state } = fieldsOf(parameters);
  if (!Array.isArray(question)) return [];
  const records = Array.isArray(answer) ? answer.slice(0, ANSWERS_MAX).map((each) => fieldsOf(fieldsOf(each).rr)) : [];
  const outcome = state === 'success' ? Outcome.SUCCESS : Outcome.FAILURE;
  return question.slice(0, QUESTIONS_MAX).flatMap((each) => {
    const { name, type } = fieldsOf(each);
    if (typeof name !== 'string' || !isType(type)) return [];
    const answers = records.filter((record) => answersType(record, type)).flatMap(answerOf);
    return [{ atUs: nowUs, name: withoutRoot(name), type: typeName(type), answers, outcome }];
  });
}

const CNAME = 5;
const ANY = 255;

/** Records of the type that was asked for, and the aliases that lead to them. */
function answersType(record: Fields, type: number): boolean {
  const own = fieldsOf(record.key).type;
  return own === type || own === CNAME || type === ANY;
}

/** Address, alias, name or exchange, by whichever field the record has. */
function answerOf({ address, name, exchange, items }: Fields): string[] {
  const bytes = bytesOf(address);
  if (bytes?.length === 4) return [bytes.join('.')];
  if (bytes?.length === 16) return [formatIPv6(bytes)];
  const target = typeof name === 'string' ? name : typeof exchange === 'string' ? exchange : undefined;
  if (target !== undefined) return [withoutRoot(target)];
  return Array.isArray(items) ? items.filter((item) => typeof item === 'string') : [];
}

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function isType(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (!Array.isArray(value) || value.length > 16) return undefined;
  return value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255) ? Uint8Array.from(value) : undefined;
}
