// The files of Sigma rules, read. What is made of them is in compile-documents.ts, which needs no files.
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type CompileScope, compileDocuments, compileRead } from './compile-documents.ts';
import type { LoadedRules } from './link.ts';
import { readDocuments } from './read-documents.ts';
import { idOf } from './rule.ts';
import type { ReadRules, RuleDocument } from './rule-document.ts';

const RULE_FILES_MAX = 10_000;

export interface RuleFile {
  name: string;
  text: string;
  /** Ids of rules that are left out, because others stand in their place. */
  without?: readonly string[];
}

/** Reads every `.yml` and `.yaml` below a directory, in the order of their names. */
export function readRuleFiles(directory: string): RuleFile[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file) && lstatSync(join(directory, file)).isFile())
    .sort()
    .map((file) => ({
      name: relative('.', join(directory, file)),
      text: readFileSync(join(directory, file), 'utf8'),
    }));
}

/** A rule file, or every one below a directory, of which there must be one. Errors of the file system are thrown as they are. */
export function readRulePath(path: string): RuleFile[] {
  if (!statSync(path).isDirectory()) return [{ name: path, text: readFileSync(path, 'utf8') }];
  const files = readRuleFiles(path);
  if (files.length === 0) throw new Error(`${path}: no .yml or .yaml below this directory`);
  return files;
}

/** The documents of files in their order, without those that others stand in the place of. */
function readRules(files: readonly RuleFile[]): ReadRules {
  const read = files.slice(0, RULE_FILES_MAX).map(({ name, text }) => readDocuments(name, text));
  const problems = read.flatMap((each) => each.problems);
  if (files.length > RULE_FILES_MAX) {
    const reason = `only the first ${RULE_FILES_MAX} of ${files.length} rule files were read`;
    problems.push({ file: files[RULE_FILES_MAX]!.name, line: 1, rule: '', code: 'yaml', reason });
  }
  const documents = read.flatMap((each, index) => withoutSome(each.documents, files[index]!.without));
  return { documents, problems };
}

function withoutSome(documents: readonly RuleDocument[], ids: readonly string[] | undefined): readonly RuleDocument[] {
  return ids?.length ? documents.filter(({ data }) => !ids.includes(idOf(data) ?? '')) : documents;
}

/** The rules of files: the same files give the same rules in the same order, in whichever thread. */
export function compileRules(files: readonly RuleFile[], options: CompileScope = {}): LoadedRules {
  return compileRead(readRules(files), options);
}

/** Parses and compiles the documents of one file; references between rules are not checked yet. */
export function parseRules(file: string, text: string, options: CompileScope = {}): LoadedRules {
  return compileDocuments(readDocuments(file, text), options);
}
