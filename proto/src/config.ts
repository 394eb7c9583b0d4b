// How every process of ours reads its configuration: one YAML file, environment overrides, nothing unknown accepted.
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { suggest } from './suggest.ts';

export { suggest };

/** The file or an override is wrong. `message` names file, line and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface ConfigSource {
  /** For messages: the path of the file. */
  file: string;
  /** Its text; empty where there is none, so that defaults and the environment decide. */
  text: string;
  /** `THREATGUARD_DATABASE_URL` overrides the key named for it; see `overrides`. */
  environment: Record<string, string | undefined>;
  /** Environment variable -> path of the key it sets, such as `{ THREATGUARD_DATABASE_URL: 'database.url' }`. */
  overrides: Record<string, string>;
}

/** The validated configuration. Throws ConfigError naming file, line and the nearest valid key. */
export function readConfig<Schema extends z.ZodType>(schema: Schema, source: ConfigSource): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken)
    throw new ConfigError(`${source.file}:${lines.linePos(broken.pos[0]).line}: ${broken.message.split('\n')[0]}`);
  const data = (document.toJS({ maxAliasCount: 100 }) ?? {}) as Record<string, unknown>;
  const setBy = applyOverrides(data, source);

  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
  const key = path.join('.');
  const variable = setBy.get(key);
  if (variable) throw new ConfigError(`environment ${variable}: ${issue.message}`);
  const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
  const line = node?.range ? lines.linePos(node.range[0]).line : 1;
  const problem = issue.code === 'unrecognized_keys' ? unknownKey(schema, path.map(String)) : issue.message;
  throw new ConfigError(`${source.file}:${line}: ${key || 'the file'}: ${problem}`);
}

function applyOverrides(data: Record<string, unknown>, source: ConfigSource): Map<string, string> {
  const setBy = new Map<string, string>();
  for (const [variable, key] of Object.entries(source.overrides)) {
    const value = source.environment[variable];
    if (value === undefined || value === '') continue;
    const path = key.split('.');
    let target = data;
    for (const part of path.slice(0, -1)) {
      if (typeof target[part] !== 'object' || target[part] === null) target[part] = {};
      target = target[part] as Record<string, unknown>;
    }
    target[path.at(-1)!] = value;
    setBy.set(key, variable);
  }
  return setBy;
}

function unknownKey(schema: z.ZodType, path: string[]): string {
  const known = keysAt(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), path.slice(0, -1));
  return `there is no such key${suggest(path.at(-1)!, known)}`;
}

function keysAt(schema: unknown, path: string[]): string[] {
  let node = schema as { properties?: Record<string, unknown> } | undefined;
  for (const part of path) node = node?.properties?.[part] as typeof node;
  return Object.keys(node?.properties ?? {});
}
