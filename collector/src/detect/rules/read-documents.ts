// The text of a rule file to plain data, with the way back to its lines. YAML is read here and nowhere else: what comes of it
// may be handed to other threads as it is, which then compile it without reading it again.
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { KeyLines, RuleDocument } from './rule-document.ts';
import { RuleError, type RuleProblem } from './rule-error.ts';

/** A collection of thousands of rules in one file still fits. */
const RULE_FILE_BYTES_MAX = 8 * 1024 * 1024;
const RULES_PER_FILE_MAX = 10_000;
/** Deeper than any rule; also ends what an alias to its own ancestor would make endless. */
const DEPTH_MAX = 32;
/** Values aliases may multiply a document to. */
const NODES_MAX = 1_000_000;

/** Reads every document of a file; those that are no YAML map become problems. */
export function readDocuments(file: string, whole: string): { documents: RuleDocument[]; problems: RuleProblem[] } {
  const ofFile = (reason: string): RuleProblem => ({ file, line: 1, rule: '', code: 'yaml', reason });
  const refuse = (reason: string) => ({ documents: [], problems: [ofFile(reason)] });
  if (whole.length > RULE_FILE_BYTES_MAX) return refuse(`more than ${RULE_FILE_BYTES_MAX} bytes`);
  const counter = new LineCounter();
  let parsed: Document.Parsed[];
  try {
    const found = parseAllDocuments(whole, { lineCounter: counter, logLevel: 'silent', intAsBigInt: true });
    parsed = 'empty' in found ? [] : (found as Document.Parsed[]).filter((document) => !isNothing(document));
  } catch (error) {
    // Out of stack: the parser calls itself for each level.
    if (error instanceof RangeError) return refuse('nested too deep');
    throw error;
  }
  const documents: RuleDocument[] = [];
  const problems: RuleProblem[] = [];
  if (parsed.length === 0) return refuse('no rule in this file');
  for (const document of parsed.slice(0, RULES_PER_FILE_MAX)) {
    const lines = linesOf(document, counter);
    const label = labelOf(document);
    try {
      const text = whole.slice(document.range[0], document.range[1]).trim();
      documents.push({ file, data: readData(document), text, label, lines });
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      const [broken] = document.errors;
      const at = error.code === 'yaml' ? counter.linePos(broken?.pos[0] ?? document.range[0]).line : lines.line;
      problems.push({ file, line: at, rule: label, code: error.code, reason: error.message });
    }
  }
  if (parsed.length > RULES_PER_FILE_MAX) problems.push(ofFile(`more than ${RULES_PER_FILE_MAX} rules in one file`));
  return { documents, problems };
}

/** What a separator at either end of a file makes. */
function isNothing({ contents, errors }: Document.Parsed): boolean {
  return errors.length === 0 && (!contents || (isScalar(contents) && contents.value === null));
}

function readData(document: Document.Parsed): Record<string, unknown> {
  const [broken] = document.errors;
  if (broken?.code === 'RESOURCE_EXHAUSTION') throw new RuleError('yaml', 'nested too deep');
  if (broken) throw new RuleError('yaml', broken.message.split('\n')[0]!);
  let data: unknown;
  // Of 0777 the digits are meant, as the log has them: YAML 1.1 read it as 511, 1.2 as 777.
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'bigint' && /^[-+]?0\d+$/.test(scalar.source ?? '')) scalar.value = scalar.source;
    },
  });
  try {
    data = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // Unresolved or too many aliases.
    throw new RuleError('yaml', (error as Error).message);
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new RuleError('schema', 'a rule is a map');
  }
  let nodes = 0;
  const plain = (value: unknown, depth: number): unknown => {
    if (++nodes > NODES_MAX || depth > DEPTH_MAX)
      throw new RuleError('yaml', 'nested too deep, or aliases without end');
    // Beyond what a number holds exactly, the digits are the value.
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    // What the tag "!!merge" makes; no other thread could be handed it.
    if (typeof value === 'symbol') throw new RuleError('yaml', 'a value is a merge key');
    if (Array.isArray(value)) return value.map((entry) => plain(entry, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry, depth + 1)]));
  };
  const read = plain(data, 0) as Record<string, unknown>;
  // A key with nothing behind it says nothing.
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== null));
}

/** Where the keys of a document stand, as deep as a rule may be. */
function linesOf({ contents, range }: Document.Parsed, counter: LineCounter): KeyLines {
  const lineAt = (offset: number) => counter.linePos(offset).line;
  const below = (node: unknown, depth: number): Pick<KeyLines, 'keys'> => {
    const keys = new Map<string, KeyLines>();
    if (depth > DEPTH_MAX) return {};
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        if (!isScalar(key) || !key.range || keys.has(String(key.value))) continue;
        keys.set(String(key.value), { line: lineAt(key.range[0]), ...below(value, depth + 1) });
      }
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        if (isNode(item) && item.range) {
          keys.set(String(index), { line: lineAt(item.range[0]), ...below(item, depth + 1) });
        }
      }
    }
    return keys.size > 0 ? { keys } : {};
  };
  return { line: lineAt(contents?.range?.[0] ?? range[0]), ...below(contents, 0) };
}

function labelOf(document: Document.Parsed): string {
  for (const key of ['title', 'name', 'id']) {
    const value = document.contents && 'get' in document.contents ? document.get(key) : undefined;
    if (typeof value === 'string' && value) return value.slice(0, 256);
  }
  return '';
}
