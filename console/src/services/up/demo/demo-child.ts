// The agents of the demonstration as a child of `up`: one process with a dozen invented hosts.
import { join } from 'node:path';
import type { CollectorClient } from '../../../client/collector-client.ts';
import { programArgs } from '../programs.ts';

/** The week is replayed within this on a machine that has much else to do. */
const REPLAY_MS_MAX = 600_000;
const STOP_MS_MAX = 15_000;
/** Longer than the start takes; the token has no use after it. */
const TOKEN_VALID_SECONDS = 300;
const HOSTS = 12;

export interface DemoOptions {
  fresh: boolean;
  /** Which week; the agent's own where absent. */
  seed: number | undefined;
}

/** What starts it. Progress is told as it is heard. */
export async function demoChild(parts: {
  home: string;
  collector: string;
  demo: DemoOptions;
  client: CollectorClient;
  execPath: string;
  env: Record<string, string | undefined>;
  onNote(note: string): void;
}) {
  const { home, collector, demo, client, onNote } = parts;
  const token = await client.createToken({
    uses: HOSTS,
    validSeconds: TOKEN_VALID_SECONDS,
    label: 'threatguard up --demo',
    group: 'demo',
  });
  const seed = demo.seed === undefined ? [] : ['--seed', String(demo.seed)];
  return {
    name: 'agent' as const,
    title: 'the invented hosts',
    program: parts.execPath,
    args: () => programArgs('agent', ['demo', '--home', join(home, 'agents'), '--collector', collector, ...seed]),
    // Not an argument: those are read by every user of the host.
    env: { ...parts.env, THREATGUARD_TOKEN: token.token ?? '' },
    isReady: (line: string) => {
      const said = progressOf(line);
      if (said) onNote(said);
      return line.includes('"msg":"ready"');
    },
    readyMsMax: REPLAY_MS_MAX,
    stopMsMax: STOP_MS_MAX,
  };
}

function progressOf(line: string): string | undefined {
  const percent = /"percent":(\d{1,3}),"msg":"replaying"/.exec(line)?.[1];
  if (percent) return `replaying a week of invented events: ${percent} %`;
  return line.includes('"msg":"enrolling"') ? `enrolling ${HOSTS} invented hosts` : undefined;
}
