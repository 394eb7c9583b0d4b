// A dashboard without a terminal: a source that answers what it was given, keys to press, the lines of a frame.
import type { StatusReport } from '@threatguard/proto';
import { ConsoleError } from '../../console/src/model/console-error.ts';
import type { DashboardSource } from '../../console/src/services/dashboard-source.ts';
import { LiveAlerts } from '../../console/src/services/live-alerts.ts';
import { SavedViews } from '../../console/src/services/saved-views.ts';
import { candidatesFor } from '../../console/src/ui/dashboard/command-line.ts';
import { Dashboard } from '../../console/src/ui/dashboard/dashboard.ts';
import { frameLines } from '../../console/src/ui/dashboard/frame-lines.ts';
import { keyHints, pressKey } from '../../console/src/ui/dashboard/key-map.ts';
import type { Place } from '../../console/src/ui/dashboard/view.ts';
import { VIEWS } from '../../console/src/ui/dashboard/views/index.ts';
import { until } from './until.ts';

export interface ScriptedSource extends DashboardSource {
  /** What was asked, in order. */
  readonly calls: { method: string; request: unknown }[];
  /** Set, every answer is this refusal. */
  away: ConsoleError | undefined;
}

/** Answers by method; one that is not scripted answers that it is not there. */
export function scriptedSource(nowMs: number, answers: Partial<DashboardSource>): ScriptedSource {
  const source = {
    alerts: new LiveAlerts(),
    nowMs: () => nowMs,
    calls: [],
    away: undefined,
  } as unknown as ScriptedSource;
  return new Proxy(source, {
    get(target, name: string) {
      if (name in target) return target[name as keyof ScriptedSource];
      // The one answer that comes in parts.
      if (name === 'runHunt') return answers.runHunt;
      return async (...request: unknown[]) => {
        target.calls.push({ method: name, request: request[0] });
        if (target.away) throw target.away;
        const answer = answers[name as keyof DashboardSource] as ((...given: unknown[]) => unknown) | undefined;
        if (!answer) throw new ConsoleError('failure', `${name} is not scripted`);
        return answer(...request);
      };
    },
  });
}

export interface ShownDashboard extends Disposable {
  dashboard: Dashboard;
  copied: string[];
  quits: () => number;
  /** Presses keys by name, one after another. */
  press(...keys: string[]): void;
  /** Types a text into what asks for one, and enters it. */
  type(text: string): void;
  frame(): string;
  /** Resolves once the frame holds the text. */
  shows(text: string | RegExp): Promise<string>;
}

export function showDashboard(options: {
  source: DashboardSource;
  start?: Place;
  columns?: number;
  rows?: number;
  readonly?: boolean;
  ascii?: boolean;
  status?: StatusReport;
  savedIn?: string;
}): ShownDashboard {
  const copied: string[] = [];
  let quits = 0;
  const dashboard = new Dashboard({
    source: options.source,
    views: VIEWS,
    start: options.start ?? { view: 'overview', arg: '' },
    saved: new SavedViews(options.savedIn ?? '/nonexistent/threatguard'),
    readonly: options.readonly ?? false,
    look: { utc: true, ascii: options.ascii ?? false },
    copy: (text) => copied.push(text),
    quit: () => {
      quits += 1;
    },
  });
  dashboard.size = { columns: options.columns ?? 80, rows: options.rows ?? 24 };
  dashboard.setWay('nats');
  if (options.status) dashboard.setStatus(options.status);
  const frame = () => {
    const { overlay } = dashboard.state.snapshot();
    return frameLines({
      snapshot: dashboard.state.snapshot(),
      view: dashboard.view,
      collector: '127.0.0.1:7443',
      look: dashboard.look,
      keys: keyHints(dashboard),
      readonly: dashboard.readonly,
      candidates: overlay?.kind === 'prompt' ? candidatesFor(dashboard, overlay.text) : [],
    })
      .map((spans) =>
        spans
          .map(({ text }) => text)
          .join('')
          .trimEnd(),
      )
      .join('\n');
  };
  const press = (...keys: string[]) => {
    for (const key of keys) pressKey(dashboard, key);
  };
  return {
    dashboard,
    copied,
    quits: () => quits,
    press,
    type: (text) => press(...Array.from(text, (character) => (character === ' ' ? 'space' : character)), 'enter'),
    frame,
    shows: (text) =>
      until(
        () => {
          const now = frame();
          return (typeof text === 'string' ? now.includes(text) : text.test(now)) ? now : undefined;
        },
        { limitMs: 5_000, what: () => `${text} in:\n${frame()}` },
      ),
    [Symbol.dispose]: () => dashboard[Symbol.dispose](),
  };
}
