import { type Alert, Detection } from '@threatguard/proto';
import { uuidBytes } from './copy-writer.ts';
import type { Row, Session } from './database.ts';
import { dayStart } from './days.ts';
import { dayOf } from './retention.ts';
import { storableText, timestamp } from './values.ts';

/** Read at once; one envelope may be larger by itself. */
const PAGE_BYTES_MAX = 2 * 1024 * 1024;
/** Header and signature of one envelope. */
const ENVELOPE_BYTES_TYPICAL = 8 * 1024;
/** Detections of one alert: their events are what bounds a bundle. */
const DETECTIONS_MAX = 1024;

/** A run of one stream, as the tree has it. */
export interface RunPlace {
  agentId: string;
  streamId: Uint8Array;
  first: number;
  last: number;
  receivedAtUs: number;
}

export interface KeptEnvelope {
  sequence: number;
  header: Uint8Array;
  signature: Uint8Array;
  payload: Uint8Array;
}

/** Digests of the headers of a run, by sequence. */
export async function digestsOf(session: Session, run: RunPlace): Promise<Map<number, Uint8Array>> {
  const rows = await session.query(
    `select sequence, header_digest from envelopes
     where agent_id = $1 and stream_id = $2 and sequence between $3 and $4`,
    [run.agentId, run.streamId, run.first, run.last],
  );
  return new Map(rows.map((row) => [row.sequence, row.header_digest]));
}

// A run is of one day: its partition or chunk is the only one that is looked at.
const WHERE = 'agent_id = $1 and stream_id = $2 and sequence between $3 and $4';
const OF_DAY = `${WHERE} and received_at >= $5 and received_at < $6`;
const EVIDENCE = { table: 'evidence', where: OF_DAY };
/** A batch whose rows the database rejected has its evidence here. */
const SET_ASIDE = { table: 'quarantine', where: OF_DAY };

/** Sequences of a run whose evidence is kept, with what reading each takes. */
export async function keptSequences(session: Session, run: RunPlace): Promise<Map<number, number>> {
  const kept = new Map<number, number>();
  for (const { table, where } of [EVIDENCE, SET_ASIDE]) {
    const rows = await session.query(
      `select sequence, octet_length(payload) as bytes from ${table} where ${where}`,
      parameters(run),
    );
    for (const row of rows) kept.set(row.sequence, row.bytes + ENVELOPE_BYTES_TYPICAL);
  }
  return kept;
}

/** Envelopes of a run in order, as they came, for sequences in order with what each takes; a part in memory at a time. */
export async function* readEnvelopes(
  session: Session,
  run: RunPlace,
  wanted: readonly { sequence: number; bytes: number }[],
): AsyncIterable<KeptEnvelope> {
  for (let at = 0; at < wanted.length; ) {
    const from = at;
    let bytes = wanted[at++]!.bytes;
    for (; at < wanted.length && bytes + wanted[at]!.bytes <= PAGE_BYTES_MAX; at++) bytes += wanted[at]!.bytes;
    const sequences = new Set(wanted.slice(from, at).map(({ sequence }) => sequence));
    const part = { ...run, first: wanted[from]!.sequence, last: wanted[at - 1]!.sequence };
    const found = new Map<number, KeptEnvelope>();
    const list = JSON.stringify([...sequences]);
    for (const { table, where } of [EVIDENCE, SET_ASIDE]) {
      if (found.size === sequences.size) break;
      const rows = await session.query(
        `select sequence, header, signature, payload from ${table} where ${where}
           and sequence in (select value::bigint from json_array_elements_text($7::json))`,
        [...parameters(part), list],
      );
      for (const row of rows) found.set(row.sequence, row as Row & KeptEnvelope);
    }
    for (const sequence of sequences) {
      const envelope = found.get(sequence);
      if (envelope) yield envelope;
    }
  }
}

function parameters(run: RunPlace) {
  const day = dayOf(run.receivedAtUs);
  return [run.agentId, run.streamId, run.first, run.last, dayStart(day), dayStart(day + 1)];
}

/** Encoded detections that were folded into an alert, oldest first. */
export async function detectionsOf(
  session: Session,
  alert: Alert,
): Promise<{ bytes: Uint8Array; detection: Detection }[]> {
  const rows = await session.query(
    `select detection from detections where rule_id = $1 and entity = $2 and last_at between $3 and $4
       and agent_id is not distinct from $5::uuid order by last_at, digest limit ${DETECTIONS_MAX}`,
    [
      storableText(alert.ruleId ?? ''),
      storableText(alert.entity ?? ''),
      timestamp(alert.firstAtUs ?? 0),
      timestamp(alert.lastAtUs ?? 0),
      alert.agentId && uuidBytes(alert.agentId) ? alert.agentId : null,
    ],
  );
  return rows.map(({ detection }) => ({ bytes: detection, detection: Detection.decode(detection) }));
}
