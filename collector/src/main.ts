// The collector's command line: the one file that reads arguments and environment, listens for signals, and exits.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { SealedKeyError } from '@threatguard/proto';
import { ConfigError, suggest } from '@threatguard/proto/config';
import { UsageError } from './commands/command.ts';
import { COMMANDS, findCommand } from './commands/index.ts';
import { loadPassphrase } from './commands/key-files.ts';
import { FleetCryptoError } from './fleet/chosen-crypto.ts';
import { USAGE } from './usage.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** What may stand before or after every command. */
const COMMON = { home: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

function parse(config: ParseArgsConfig) {
  try {
    const { values, positionals } = parseArgs({ ...config, args: process.argv.slice(2), allowPositionals: true });
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function main(): Promise<number> {
  const { values: common, positionals: words } = parse({ options: COMMON, strict: false });
  const found = findCommand(words);
  if (!found) {
    if (words.length > 0 && !common.help) {
      throw new UsageError(`unknown command: ${words.join(' ')}${suggest(words.join(' '), Object.keys(COMMANDS))}`);
    }
    parse({ options: COMMON });
    process.stdout.write(USAGE);
    return 0;
  }
  const command = COMMANDS[found]!;
  if (common.help) {
    process.stdout.write(command.usage);
    return 0;
  }
  const { values, positionals } = parse({ options: { ...COMMON, ...command.options } });
  const operands = positionals.slice(found.split(' ').length);
  if (!command.operands && operands.length > 0) {
    throw new UsageError(`"${found}" takes no ${operands.map((word) => `"${word}"`).join(' ')}`);
  }
  await loadPassphrase(process.env);
  const code = await command.run({
    values,
    operands,
    environment: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    untilSignal: () =>
      new Promise((resolve) => {
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
      }),
    onHangUp: (act) => {
      if (!process.stderr.isTTY) process.on('SIGHUP', act);
    },
  });
  return code ?? 0;
}

try {
  process.exitCode = await main();
  // What was written must have left before the process does: stdout may be a pipe.
  process.stdout.write('', () => process.exit());
} catch (error) {
  // What another start would not change.
  const wrong = [UsageError, ConfigError, FleetCryptoError, SealedKeyError].some((kind) => error instanceof kind);
  process.stderr.write(`threatguard-collector: ${(error as Error).message}\n`);
  if (error instanceof UsageError) process.stderr.write('threatguard-collector --help says what there is\n');
  process.exit(wrong ? EXIT_USAGE : EXIT_FAILED);
}
