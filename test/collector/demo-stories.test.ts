import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { HOUR_US, ordinaryHour } from '../../agent/src/demo/ordinary.ts';
import type { StagedEvent } from '../../agent/src/demo/stage.ts';
import { inTime, STORIES, tellStory } from '../../agent/src/demo/week.ts';
import { enrichedBatch } from '../support/rule-events.ts';
import { loadEngine } from '../support/rule-text.ts';

const RULES = fileURLToPath(new URL('../../collector/rules', import.meta.url));
const END_US = Date.UTC(2026, 5, 12, 10, 0) * 1000;
const DAY_HOURS = 24;

/** What the built-in rules say of each story. */
const SAID: Record<string, string[]> = {
  'a password is guessed over SSH, and cron keeps the way open': [
    'SSH brute force',
    'SSH logon succeeded after repeated failures',
    'Scheduled job fetches or opens a shell',
    'SSH key of root changed',
  ],
  'a miner takes a build server': ['Crypto miner', 'Name of a mining pool asked for', 'Miners of others stopped'],
  'somebody reads where passwords and keys lie': [
    'Password hashes read by a general tool',
    'Search for private keys over the whole host',
    'Repeated failures to become another user',
  ],
  'a database leaves at night': [
    'Archive or database sent straight into the network',
    'Upload to a public place for files or text',
  ],
  'a key goes from host to host': ['Burst of programs that look around', 'Logs and history wiped together'],
  'planned work that looks like more': ['sudoers changed', 'Logging service stopped'],
  'an account is made that is as good as root': ['Account with uid 0 created', 'Command makes an account with uid 0'],
  'one address tries everybody on four hosts': ['One source fails SSH logons on many hosts'],
  'a web shell among the uploads opens a reverse shell': [
    'Script written among the uploads of a site',
    'Shell started by a web server',
    'Shell with its input or output on a network socket',
    'Service or timer that fetches, decodes or runs from a temporary directory',
    'Logs and history wiped together',
  ],
  'a script of the web goes straight into a shell': ['Download piped into a shell'],
  'the bastion is tried again': ['SSH brute force'],
};

function titlesOf(staged: StagedEvent[]): string[] {
  const { engine } = loadEngine(RULES);
  const found = staged
    .sort(inTime)
    .flatMap(({ host, event }) => engine.inspect(enrichedBatch([event], { agentId: host })));
  return [...new Set(found.map(({ ruleTitle }) => ruleTitle ?? ''))];
}

describe('the stories of the demonstration before the built-in rules', () => {
  it('are all written down here', () => {
    expect(Object.keys(SAID).sort()).toEqual(STORIES.map(({ name }) => name).sort());
  });

  it.each(STORIES.map((story) => [story.name, story] as const))('%s', (name, story) => {
    expect(titlesOf(tellStory(story, 1, story.beginsUs(END_US)))).toEqual(expect.arrayContaining(SAID[name]!));
  });

  it('and of an ordinary day nothing is said', () => {
    const hours = Array.from({ length: DAY_HOURS }, (_, hour) => ordinaryHour(1, END_US - (hour + 1) * HOUR_US));
    expect(titlesOf(hours.flat())).toEqual([]);
  });
});
