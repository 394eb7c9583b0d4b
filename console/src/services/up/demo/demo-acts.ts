// What a shift of analysts did in the replayed week, by the calls their consoles make: so that there are alerts at work and
// closed ones with verdicts, an exception, saved hunts, trained models and a rotation that is done.
import { setTimeout as wait } from 'node:timers/promises';
import { type Alert, AlertVerdict, Severity, TriageAction } from '@threatguard/proto';
import type { CollectorClient } from '../../../client/collector-client.ts';
import { ConsoleError } from '../../../model/console-error.ts';
import { isOver } from '../../../model/keys.ts';

const ALERTS_MAX = 500;
/** The twelve agents confirm within a second or two. */
const ROTATION_MS_MAX = 20_000;
const LOOK_MS = 200;
/** Saved last: where it is there, all of this was done. */
const LAST_HUNT = 'shells-of-services';

interface Parts {
  client: CollectorClient;
  signal: AbortSignal;
  onNote(note: string): void;
}

/** Does it once. Where it is interrupted, what is missing is done at the next start. */
export async function actAsAnalysts(parts: Parts): Promise<void> {
  const { client, onNote } = parts;
  if ((await client.listHunts()).some(({ name }) => name === LAST_HUNT)) return;
  onNote('analysts look at the week: verdicts, an exception, hunts');
  await workOnAlerts(client, await client.listAlerts({}, ALERTS_MAX));
  onNote('training models on the week');
  await trainModels(parts);
  onNote('rotating the ML-KEM key of the fleet');
  await rotate(parts);
  await client.saveHunt({
    name: 'fetched-by-root',
    query: 'user:root and exe:(*/curl or */wget) | count by host.name',
    everySeconds: 3_600,
    severity: Severity.LOW,
    replace: true,
  });
  await client.saveHunt({
    name: LAST_HUNT,
    query: 'user:(www-data or postgres) and exe:(*/bash or */dash) | count by host.name, user.name | sort -count',
    replace: true,
  });
}

/** By the host each story happened on. */
async function workOnAlerts(client: CollectorClient, alerts: readonly Alert[]): Promise<void> {
  const of = (host: string, ...rules: string[]) =>
    alerts
      .filter(({ agentName, title }) => agentName === host && (rules.length === 0 || rules.includes(title ?? '')))
      .map(({ id }) => ({ id: id! }));
  const { ACKNOWLEDGE, ASSIGN, NOTE, CLOSE } = TriageAction;
  const act = async (targets: { id: string }[], rest: Omit<Parameters<typeof client.actOnAlerts>[0], 'targets'>) => {
    if (targets.length > 0) await client.actOnAlerts({ targets, ...rest });
  };
  const planned = of('demo-backup-1');
  await act(planned, { action: NOTE, text: 'change DEMO-118: the archive moves to demo-db-1' });
  await exceptOne(client, of('demo-backup-1', 'Archive or database sent straight into the network')[0]?.id);
  await act(planned, { action: CLOSE, verdict: AlertVerdict.BENIGN, text: 'planned work' });
  const miner = of('demo-build-1').slice(1);
  await act(miner, { action: ASSIGN, assignee: 'grace' });
  await act(miner, { action: CLOSE, verdict: AlertVerdict.TRUE_POSITIVE, text: 'runner rebuilt, token revoked' });
  const guessed = of('demo-web-3');
  await act(guessed, { action: ASSIGN, assignee: 'alice' });
  await act(guessed, {
    action: CLOSE,
    verdict: AlertVerdict.TRUE_POSITIVE,
    text: 'host reinstalled, password logons off',
  });
  const refused = of(
    'demo-app-2',
    'Repeated failures to become another user',
    'Another user become after repeated refusals',
  );
  await act(refused, { action: CLOSE, verdict: AlertVerdict.FALSE_POSITIVE, text: 'a new keyboard layout' });
  const exfiltration = of('demo-db-2');
  await act(exfiltration, { action: ACKNOWLEDGE });
  await act(exfiltration, { action: ASSIGN, assignee: 'erin' });
  await act(exfiltration, { action: NOTE, text: 'oscar was at home and asleep; his key is revoked' });
  await act(of('demo-mail-1').slice(0, 3), { action: ACKNOWLEDGE });
}

async function exceptOne(client: CollectorClient, alertId: string | undefined): Promise<void> {
  if (!alertId) return;
  const preview = await client.previewException({ alertId, fields: [] });
  await client.addException({
    alertId,
    alertRevision: preview.alertRevision,
    fields: (preview.conditions ?? []).map(({ field }) => field ?? ''),
    reason: 'change DEMO-118',
  });
}

/** A collector that has too little to train from says so, and the demonstration goes on. */
async function trainModels({ client, signal, onNote }: Parts): Promise<void> {
  try {
    for await (const _ of client.trainModels('', signal));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConsoleError)) throw error;
    onNote(`no models were trained: ${error.message}`);
  }
}

async function rotate({ client, signal, onNote }: Parts): Promise<void> {
  if (((await client.getStatus()).kemEpoch ?? 0) > 1) return;
  await client.rotateKeys({ canaryPermille: 0, compromised: false, dryRun: false });
  const deadlineMs = Date.now() + ROTATION_MS_MAX;
  while (Date.now() < deadlineMs) {
    if (isOver(await client.getKeys())) return;
    await wait(LOOK_MS, undefined, { signal });
  }
  onNote('the rotation goes on: threatguard keys status');
}
