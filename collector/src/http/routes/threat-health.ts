import type { HttpApp } from '../app.ts';
import type { HealthBoard } from '../health/board.ts';
import { known } from '../schemas/problem.ts';
import { threatHealthAnswer } from '../schemas/threat.ts';
import type { HttpStatus } from '../status.ts';

/** Open alerts are counted once in so long. */
const COUNTED_MS = 1_000;

export function threatHealthRoute(app: HttpApp, { status, board }: { status: HttpStatus; board: HealthBoard }): void {
  const { store, nowMs } = status;
  /** It costs nothing of an allowance, so it may not cost the store anything for each who asks. */
  let counted: { atMs: number; alertsOpen: Promise<number> } | undefined;

  app.get(
    '/api/threat/health',
    {
      config: { access: 'known', cost: 0 },
      schema: {
        tags: ['analysis'],
        summary: 'Whether threats are looked for',
        response: { 200: threatHealthAnswer, ...known() },
      },
    },
    async () => {
      const answers = board.components().find(({ name }) => name === 'store')?.state === 'up';
      const enrolled = status.fleet.agents().filter((agent) => agent.revokedAtUs === undefined).length;
      return {
        status: board.state,
        rules: { loaded: status.rules.rules.length, disabled: status.rules.disabled().length },
        alerts_open: answers ? await alertsOpen() : null,
        agents: { enrolled, connected: status.presence.connectedCount() },
        events_per_second: status.rate.perSecond(nowMs()),
      };
    },
  );

  function alertsOpen(): Promise<number> {
    const atMs = performance.now();
    if (!counted || atMs - counted.atMs >= COUNTED_MS) {
      const count = { atMs, alertsOpen: store.totals().then((totals) => totals.alertsOpen) };
      counted = count;
      // The next who asks tries again.
      count.alertsOpen.catch(() => {
        if (counted === count) counted = undefined;
      });
    }
    return counted.alertsOpen;
  }
}
