import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { defaultHome } from '../client/deployment.ts';
import { ALERT_KEYS } from '../model/alert.ts';
import { ConsoleError } from '../model/console-error.ts';
import type { FeedOptions } from '../services/alert-feed.ts';
import { defaultDemoHome } from '../services/up/demo/demo-home.ts';
import type { RunningDeployment } from '../services/up/run-deployment.ts';
import { writeAlert } from './alert-stream.ts';
import { ConsoleCommand, describe, wholeNumber } from './console-command.ts';
import type { Output } from './output.ts';

const SEED_MAX = 999_999_999;

export class Up extends ConsoleCommand {
  static override summary = 'Run a whole deployment on this host: NATS, collector, an agent, and the live alert view.';
  static override description = describe(
    'Makes keys on the first start and keeps them. Logs are in HOME/logs. q or Ctrl-C stops everything in order. ' +
      'Installs nats-server with apt where it may; THREATGUARD_NO_INSTALL=1 forbids it. ' +
      'With THREATGUARD_DATABASE_URL it uses that PostgreSQL instead of the embedded one. ' +
      '--demo shows what there is to see without a real host: a dozen invented ones, a week with attacks, and the dashboard. ' +
      'It lives in a directory of its own ($XDG_DATA_HOME/threatguard-demo, else ~/.local/share/threatguard-demo), is marked ' +
      'DEMO wherever it is shown, and is never mixed with real hosts.',
  );
  static override examples = [
    '<%= config.bin %> up',
    '<%= config.bin %> up --demo',
    '<%= config.bin %> up --home ./state --auth-log /var/log/remote-auth.log',
    '<%= config.bin %> up --output json | jq .reason',
  ];
  static override flags = {
    'auth-log': Flags.string({
      summary: 'A further authentication log to follow; repeatable.',
      multiple: true,
      helpValue: 'FILE',
    }),
    demo: Flags.boolean({ summary: 'Invented hosts and a replayed week with attacks instead of this host.' }),
    fresh: Flags.boolean({ summary: 'With --demo: begin anew instead of going on.', dependsOn: ['demo'] }),
    seed: Flags.string({ summary: 'With --demo: another week.', dependsOn: ['demo'], helpValue: 'N' }),
    listen: Flags.string({ summary: 'Where the collector listens for agents and consoles.', helpValue: 'HOST:PORT' }),
    view: Flags.boolean({
      summary: 'Show alerts as they come; --no-view prints them as lines.',
      default: true,
      allowNo: true,
    }),
  };

  /** Where notes go: stderr, or the view while it has the screen. */
  #tell: (note: string) => void = () => undefined;

  async run(): Promise<void> {
    const { flags } = await this.parse(Up);
    if (flags.context !== undefined) {
      throw new ConsoleError('usage', 'up runs the deployment of this host, which no context is; --home names another');
    }
    const output = this.outputFor(flags);
    const { stdin, stdout, stopped, env, isRoot } = this.invocation;
    const startedUs = Date.now() * 1000;
    const stop = new AbortController();
    const signal = AbortSignal.any([stopped, stop.signal]);
    this.#tell = (note) => output.note(note);
    const onNote = (note: string) => this.#tell(note);
    const seed = flags.seed === undefined ? undefined : wholeNumber('seed', flags.seed, { min: 0, max: SEED_MAX });
    const home = resolve(flags.home ?? (flags.demo ? defaultDemoHome(env) : defaultHome(env, isRoot)));
    const { runDeployment } = await import('../services/up/run-deployment.ts');
    using _ = this.invocation.endsInOrder();
    try {
      await using running = await runDeployment({
        ...this.invocation,
        home,
        listen: flags.listen,
        authLogs: flags['auth-log'] ?? [],
        demo: flags.demo ? { fresh: flags.fresh ?? false, seed } : undefined,
        signal,
        onNote,
      });
      output.note(`the collector listens at ${running.deployment.collector}; state is in ${running.deployment.home}`);
      if (flags.demo)
        output.note(`DEMO: everything is invented; from another terminal: threatguard dashboard --home ${home}`);
      const full = flags.view && output.format === 'table' && stdout.isTTY && (stdin as { isTTY?: boolean }).isTTY;
      await Promise.race([
        full
          ? flags.demo
            ? this.#dashboard(running, output)
            : this.#view(running, output, stop)
          : this.#lines(running, output, { sinceUs: startedUs, signal }),
        running.failed,
      ]);
      this.#tell = (note) => output.note(note);
      output.note('stopping');
    } catch (error) {
      // Asked to stop while it was still starting: that is no failure.
      if (!signal.aborted) throw error;
    }
  }

  async #lines(
    running: RunningDeployment,
    output: Output,
    { sinceUs, signal }: { sinceUs: number; signal: AbortSignal },
  ): Promise<void> {
    const [{ followFeed }, { tellBlindSpots }] = await Promise.all([
      import('../services/follow-collector.ts'),
      import('../services/blind-spots.ts'),
    ]);
    const onNote = (note: string) => output.note(note);
    if (output.format === 'csv') output.csvHeader(ALERT_KEYS);
    const { client, deployment } = running;
    void tellBlindSpots({ client, signal, onNote });
    const onAlert: FeedOptions['onAlert'] = (alert, arrival) => {
      if (arrival !== 'changed') writeAlert(output, alert);
    };
    await followFeed({ client, ca: deployment.ca, sinceUs }, { onNote, onAlert }, signal);
  }

  /** What a newcomer came for. */
  async #dashboard(running: RunningDeployment, output: Output): Promise<void> {
    const { startDashboard } = await import('./start-dashboard.ts');
    const { utc } = output;
    await startDashboard({ view: '', readonly: false, ascii: false, utc }, running, this.invocation);
  }

  async #view(running: RunningDeployment, output: Output, stop: AbortController): Promise<void> {
    const { withoutFetch } = await import('../ui/lean-ink.ts');
    const { showLiveView } = await withoutFetch(() => import('../ui/live-view.ts'));
    await showLiveView({
      client: running.client,
      ca: running.deployment.ca,
      collector: running.deployment.collector,
      utc: output.utc,
      colour: output.colour,
      streams: this.invocation,
      stop,
      stopped: this.invocation.stopped,
      takeNotes: (tell) => {
        this.#tell = tell;
      },
    });
  }
}
