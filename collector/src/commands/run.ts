import { type Command, homeOf } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector run --home DIR
      Serves agents and consoles until SIGTERM or SIGINT. SIGHUP reads the rules again, as a change of their files does.
`,
  options: {},
  async run(invocation) {
    const home = homeOf(invocation);
    const [{ pino }, { startCollector }, { serviceManager }, { loadConfig }] = await Promise.all([
      import('pino'),
      import('../run.ts'),
      import('../service.ts'),
      import('./load-config.ts'),
    ]);
    const { environment } = invocation;
    const config = await loadConfig(home, environment);
    const log = pino({ name: 'collector', level: config.log.level }, pino.destination({ dest: 2, sync: true }));
    const stopped = invocation.untilSignal();
    using service = serviceManager(environment);
    // For bench:ingest: where the time goes, said at the end.
    const timed = Boolean(environment.THREATGUARD_STAGE_CLOCK);
    await using collector = await startCollector({ home, config, log, timed });
    log.info({ listen: collector.address, ca: collector.caSha256 }, 'ready');
    invocation.onHangUp(() => void collector.reloadRules());
    service.ready(`listening on ${collector.address}`);
    log.info({ signal: await stopped }, 'stopping');
    service.stopping();
    if (timed) log.info({ threads: collector.stages() }, 'stages');
    return 0;
  },
};
