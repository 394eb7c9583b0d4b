import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { ROOT } from '../support/source-files.ts';
import { hasTmux, TmuxShell } from '../support/tmux.ts';
import { agent, alert } from './samples.ts';

const ID = '01kb3x8m5rq9t2v4w6y8z0a1b2';
const OTHER_ID = '01kb3x8m5rq9t2v4w6y8z0a1b3';

/** How each is started with nothing of the person who runs the tests, and told of the completion. */
const SHELLS = [
  {
    name: 'bash',
    path: '/usr/bin/bash',
    args: '--norc --noprofile',
    load: 'source <(threatguard completion bash); PS1="ready> "',
  },
  {
    name: 'zsh',
    path: '/usr/bin/zsh',
    args: '-f',
    load: 'autoload -Uz compinit; compinit -D -u; source <(threatguard completion zsh); PS1="ready> "',
  },
  {
    name: 'fish',
    path: '/usr/bin/fish',
    args: '--no-config',
    load: 'threatguard completion fish | source; function fish_prompt; echo "ready> "; end',
  },
];

let server: FakeConsoleServer;
let directory: string;
beforeAll(async () => {
  server = await FakeConsoleServer.start();
  server.agents = [agent(), agent({ name: 'web-$(reboot)' })];
  server.alerts = [alert({ id: ID }), alert({ id: OTHER_ID })];
  directory = mkdtempSync(join(tmpdir(), 'threatguard-shells-'));
  const bin = join(ROOT, 'console', 'bin', 'threatguard.js');
  writeFileSync(join(directory, 'threatguard'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  chmodSync(join(directory, 'threatguard'), 0o755);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

describe.each(SHELLS)('completion in $name', ({ path, args, load }) => {
  it.skipIf(!hasTmux || !existsSync(path))('completes commands, flags and what is live', async () => {
    const env = {
      PATH: `${directory}:${process.env.PATH}`,
      HOME: directory,
      XDG_CACHE_HOME: join(directory, 'cache'),
      THREATGUARD_HOME: server.home,
    };
    using terminal = new TmuxShell(`${path} ${args}`, { columns: 120, rows: 40, env });
    terminal.type(`${load}\n`);
    await terminal.shows(/^ready> *$/m);
    terminal.type('clear\n');
    await terminal.shows(/^\s*ready> *\s*$/);

    terminal.type('threatguard agents show we');
    terminal.press('Tab');
    await terminal.shows(/ready> threatguard agents show web-1/);
    terminal.press('C-u');
    terminal.type('threatguard alerts list --outp');
    terminal.press('Tab');
    await terminal.shows(/ready> threatguard alerts list --output/);
    terminal.press('C-u');
    terminal.type('threatguard alerts show 01');
    terminal.press('Tab');
    await terminal.shows(/ready> threatguard alerts show 01kb3x8m5rq9t2v4w6y8z0a1b/);
    terminal.press('Tab', 'Tab');
    // fish leaves out of both what they begin with.
    await terminal.shows(/0a1b2 [\s\S]*0a1b3/);
  });
});
