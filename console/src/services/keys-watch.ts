// How a rotation goes, for as long as somebody looks. It only looks: the rotation belongs to the collector, and goes on
// when this ends, whatever ends it. A collector that is away is waited for.
import { setTimeout as wait } from 'node:timers/promises';
import type { KeysReport } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import type { Output } from '../commands/output.ts';
import { ConsoleError, isUnreachable } from '../model/console-error.ts';
import { toCsvHeader } from '../model/csv.ts';
import type { JsonRecord } from '../model/json.ts';
import { isOver, keysLines, keysRecord } from '../model/keys.ts';

/** A person sees it move; a fleet of thousands takes longer than this for each step. */
const LOOK_MS = 500;

export interface RotationWatch {
  client: Pick<CollectorClient, 'getKeys'>;
  output: Output;
  stopped: AbortSignal;
  /** The rotation that was begun, whose end is waited for; undefined to look at whatever runs. */
  epoch: number | undefined;
}

/** Resolves when the rotation is done. Throws ConsoleError where it was aborted, or is left running. */
export async function watchRotation({ client, output, stopped, epoch }: RotationWatch): Promise<void> {
  const show = shower(output);
  let away = false;
  while (!stopped.aborted) {
    try {
      const report = await client.getKeys();
      if (away) output.note('the collector answers again');
      away = false;
      show(report);
      if (isOver(report)) return ended(report, epoch);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (!away) output.note(`${error.message}; waiting for it, and so does the rotation`);
      away = true;
    }
    await wait(LOOK_MS, undefined, { signal: stopped }).catch(() => undefined); // stopped: the loop ends
  }
  const text = 'the rotation goes on without this view; "threatguard keys status --watch" shows it again';
  if (epoch !== undefined) throw new ConsoleError('failure', text);
  output.note(text);
}

function ended(report: KeysReport, epoch: number | undefined): void {
  const { rotation } = report;
  if (epoch === undefined || !rotation) return;
  if (rotation.epoch !== epoch || rotation.phase !== 'done') {
    throw new ConsoleError('failure', `the rotation to epoch ${epoch} was aborted`);
  }
}

/** Repaints on a terminal; elsewhere tells each change once. */
function shower(output: Output): (report: KeysReport) => void {
  let last = '';
  let header = true;
  return (report) => {
    const record = keysRecord(report);
    const progress = JSON.stringify(output.columns === undefined ? countsOf(report) : record);
    if (progress === last) return;
    last = progress;
    if (output.format === 'json') output.json(record);
    else if (output.format === 'csv') {
      const flat = { 'fleet.name': record['fleet.name'], ...(record.rotation as JsonRecord | undefined) };
      const keys = Object.keys(flat);
      if (header) output.line(toCsvHeader(keys));
      header = false;
      output.csv(keys, flat);
    } else output.repaint(output.columns === undefined ? [summaryLine(report)] : keysLines(report, output));
  };
}

function countsOf({ rotation }: KeysReport): unknown {
  if (!rotation) return {};
  const { epoch, phase, paused, told, confirmed, drained, agents, endedAtUs } = rotation;
  return { epoch, phase, paused, told, confirmed, drained, agents, endedAtUs };
}

function summaryLine({ rotation }: KeysReport): string {
  if (!rotation) return 'no rotation';
  const { epoch, phase, paused, agents, told, confirmed, drained, stragglers } = rotation;
  return `epoch ${epoch} ${phase}${paused ? ' (paused)' : ''}: of ${agents} agents ${told} told, ${confirmed} confirmed, ${drained} drained, ${stragglers} waited for`;
}
