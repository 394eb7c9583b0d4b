import { suggest } from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';

/**
 * Refuses words that begin no command, before oclif takes `alerts lsit` for a wish to see the help of `alerts`.
 * `ids` are oclif's, with colons. A lone topic, such as `alerts`, is left to its help.
 */
export function refuseUnknownCommand(argv: readonly string[], ids: readonly string[]): void {
  const firstFlag = argv.findIndex((word) => word.startsWith('-'));
  const words = firstFlag < 0 ? argv : argv.slice(0, firstFlag);
  const known = ids.map((id) => id.split(':'));
  let matching = known;
  for (const [index, word] of words.entries()) {
    if (matching.some((parts) => parts.length === index)) return;
    const next = matching.filter((parts) => parts[index] === word);
    if (next.length === 0) {
      if (index === 0 && word === 'help') return;
      const choices = [...new Set(matching.map((parts) => [...words.slice(0, index), parts[index]!].join(' ')))];
      const typed = words.slice(0, index + 1).join(' ');
      throw new ConsoleError('usage', `there is no command "${typed}"${suggest(typed, choices)}`);
    }
    matching = next;
  }
}
