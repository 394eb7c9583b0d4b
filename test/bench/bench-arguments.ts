// What benches of the whole line are told on the command line.
import { parseArgs } from 'node:util';

export interface BenchOption {
  value: string;
  /** What --help says of it. */
  help: string;
}

/** The options as given or by default; undefined where only help was asked for, which is then printed. */
export function readBenchArguments<O extends Record<string, BenchOption>>(
  options: O,
  about: { summary: string; examples: readonly string[] },
): Record<keyof O, string> | undefined {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(
        Object.entries(options).map(([name, { value }]) => [name, { type: 'string' as const, default: value }]),
      ),
      help: { type: 'boolean' as const, short: 'h' as const },
    },
  });
  if (!values.help) return values as Record<keyof O, string>;
  const lines = Object.entries(options).map(([name, { value, help }]) => {
    return `  --${name.padEnd(20)} ${help}${value ? ` (${value})` : ''}`;
  });
  console.log([about.summary, '', ...lines, '', ...about.examples.map((example) => `  ${example}`)].join('\n'));
  return undefined;
}

export function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not "${text}"`);
  return value;
}

export function positiveIntegers(name: string, text: string): number[] {
  return text.split(',').map((each) => {
    const value = positive(name, each);
    if (!Number.isInteger(value)) throw new Error(`--${name} takes whole numbers, not "${each}"`);
    return value;
  });
}

/** Engines by name, all that are to be had where none is named; a postgres:// URL is one too. */
export function readEngines(text: string, available: readonly string[]): string[] {
  const names = text ? text.split(',') : [...available];
  for (const name of names) {
    if (/^postgres(ql)?:\/\//.test(name)) continue;
    if (!['pglite', 'postgresql'].includes(name)) {
      throw new Error(`--engine ${name}: pglite, postgresql or postgres://USER:PASSWORD@HOST/DATABASE`);
    }
    if (!available.includes(name)) throw new Error(`${name} is not installed here; on Debian: apt install postgresql`);
  }
  return names;
}
