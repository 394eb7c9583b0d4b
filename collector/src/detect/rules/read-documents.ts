// The text of a rule file to plain data, with the way back to its lines.
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import { RuleError, type RulePath, type RuleProblem } from './rule-error.ts';

/** A collection of thousands of rules in one file still fits. */
const RULE_FILE_BYTES_MAX = 8 * 1024 * 1024;
const RULES_PER_FILE_MAX = 10_000;
/** Deeper than any rule; also ends what an alias to its own ancestor would make endless. */
const DEPTH_MAX = 32;
/** Values aliases may multiply a document to. */
const NODES_MAX = 1_000_000;

/** One document of a file. */
export interface RuleDocument {
  file: string;
  data: Readonly<Record<string, unknown>>;
  /** As it stands in the file, without what separates it from others. */
  text: string;
  /** The line of the deepest key of the path that the document has. */
  lineOf(path: RulePath): number;
  problem(error: RuleError): RuleProblem;
}

/** Reads every document of a file; those that are no YAML map become problems. */
export function readDocuments(file: string, text: string): { documents: RuleDocument[]; problems: RuleProblem[] } {
  const problem = (line: number, rule: string, { code, message }: RuleError): RuleProblem => ({
    file,
    line,
    rule,
    code,
    reason: message,
  });
  const refuse = (reason: string) => ({ documents: [], problems: [problem(1, '', new RuleError('yaml', reason))] });
  if (text.length > RULE_FILE_BYTES_MAX) return refuse(`more than ${RULE_FILE_BYTES_MAX} bytes`);
  const lines = new LineCounter();
  let parsed: Document.Parsed[];
  try {
    const found = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent', intAsBigInt: true });
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
    const lineOf = (path: RulePath) => lineOfPath(document, path, lines);
    try {
      documents.push({
        file,
        data: readData(document),
        text: text.slice(document.range[0], document.range[1]).trim(),
        lineOf,
        problem: (error) => problem(lineOf(error.path), labelOf(document), error),
      });
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      const [broken] = document.errors;
      const at = error.code === 'yaml' ? lines.linePos(broken?.pos[0] ?? document.range[0]).line : lineOf([]);
      problems.push(problem(at, labelOf(document), error));
    }
  }
  if (parsed.length > RULES_PER_FILE_MAX) {
    problems.push(problem(1, '', new RuleError('yaml', `more than ${RULES_PER_FILE_MAX} rules in one file`)));
  }
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
    if (Array.isArray(value)) return value.map((entry) => plain(entry, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry, depth + 1)]));
  };
  const read = plain(data, 0) as Record<string, unknown>;
  // A key with nothing behind it says nothing.
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== null));
}

function lineOfPath(document: Document.Parsed, path: RulePath, lines: LineCounter): number {
  let node: unknown = document.contents;
  let start = document.contents?.range?.[0] ?? document.range[0];
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!isScalar(pair?.key) || !pair.key.range) break;
      start = pair.key.range[0];
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (!isNode(node) || !node.range) break;
      start = node.range[0];
    } else break;
  }
  return lines.linePos(start).line;
}

function labelOf(document: Document.Parsed): string {
  for (const key of ['title', 'name', 'id']) {
    const value = document.contents && 'get' in document.contents ? document.get(key) : undefined;
    if (typeof value === 'string' && value) return value.slice(0, 256);
  }
  return '';
}
