import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { defaultHome } from '../client/deployment.ts';
import { ALERT_KEYS } from '../model/alert.ts';
import { ConsoleError } from '../model/console-error.ts';
import type { RunningDeployment } from '../services/up/run-deployment.ts';
import { writeAlert } from './alert-stream.ts';
import { ConsoleCommand, describe } from './console-command.ts';
import type { Output } from './output.ts';

export class Up extends ConsoleCommand {
  static override summary = 'Run a whole deployment on this host: NATS, collector, an agent, and the live alert view.';
  static override description = describe(
    'Makes keys on the first start and keeps them. Logs are in HOME/logs. q or Ctrl-C stops everything in order. ' +
      'Installs nats-server with apt where it may; THREATGUARD_NO_INSTALL=1 forbids it. ' +
      'With THREATGUARD_DATABASE_URL it uses that PostgreSQL instead of the embedded one.',
  );
  static override examples = [
    '<%= config.bin %> up',
    '<%= config.bin %> up --home ./state --auth-log /var/log/remote-auth.log',
    '<%= config.bin %> up --output json | jq .reason',
  ];
  static override flags = {
    'auth-log': Flags.string({
      summary: 'A further authentication log to follow; repeatable.',
      multiple: true,
      helpValue: 'FILE',
    }),
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
    const { stdin, stdout, stopped } = this.invocation;
    const stop = new AbortController();
    const signal = AbortSignal.any([stopped, stop.signal]);
    this.#tell = (note) => output.note(note);
    const onNote = (note: string) => this.#tell(note);
    const { runDeployment } = await import('../services/up/run-deployment.ts');
    try {
      await using running = await runDeployment({
        ...this.invocation,
        home: resolve(flags.home ?? defaultHome(this.invocation.env, this.invocation.isRoot)),
        listen: flags.listen,
        authLogs: flags['auth-log'] ?? [],
        signal,
        onNote,
      });
      output.note(`the collector listens at ${running.deployment.collector}; state is in ${running.deployment.home}`);
      const full = flags.view && output.format === 'table' && stdout.isTTY && (stdin as { isTTY?: boolean }).isTTY;
      await Promise.race([
        full ? this.#view(running, output, stop) : this.#lines(running, output, signal),
        running.failed,
      ]);
      this.#tell = (note) => output.note(note);
      output.note('stopping');
    } catch (error) {
      // Asked to stop while it was still starting: that is no failure.
      if (!signal.aborted) throw error;
    }
  }

  async #lines(running: RunningDeployment, output: Output, signal: AbortSignal): Promise<void> {
    const [{ followAlerts }, { tellBlindSpots }] = await Promise.all([
      import('../services/alert-feed.ts'),
      import('../services/blind-spots.ts'),
    ]);
    const onNote = (note: string) => output.note(note);
    if (output.format === 'csv') output.csvHeader(ALERT_KEYS);
    const { client, deployment } = running;
    void tellBlindSpots({ client, signal, onNote });
    await followAlerts({
      client,
      ca: deployment.ca,
      filter: {},
      sinceUs: undefined,
      signal,
      onNote,
      onAlert: (alert, arrival) => {
        if (arrival !== 'changed') writeAlert(output, alert);
      },
    });
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
