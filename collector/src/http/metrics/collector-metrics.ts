// What the collector counts, as Prometheus reads it. Counters begin with the process, as Prometheus expects of them; what is
// read from the store (sizes, open alerts) is at most TOTALS_AGE_MS old and never asked for by more than one reader at a time.
import { setImmediate as endOfTurn } from 'node:timers/promises';
import type { Alert, Loss } from '@threatguard/proto';
import { severityName } from '@threatguard/proto';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { PipelineStage, PipelineWatch } from '../../pipeline.ts';
import type { HealthBoard } from '../health/board.ts';
import type { HttpStatus } from '../status.ts';
import { type StoredFigures, StoreFigures } from './store-figures.ts';

/** Pairs of sensor and reason, which agents name; more are counted together as `other`. */
const LOSS_PAIRS_MAX = 200;
const LABEL = /^[A-Za-z0-9_.:-]{1,64}$/;
/** From a small envelope in a quiet minute to what waits for a database that is away. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export interface MetricsParts {
  status: HttpStatus;
  board: Pick<HealthBoard, 'components'>;
  streams: () => number;
}

export class CollectorMetrics implements PipelineWatch {
  readonly #registry = new Registry();
  readonly #events = this.#counter('threatguard_ingest_events_total', 'Events stored');
  readonly #envelopes = this.#counter('threatguard_ingest_envelopes_total', 'Envelopes stored');
  readonly #lost = this.#counter('threatguard_agent_events_lost_total', 'Events agents counted as lost', [
    'sensor',
    'reason',
  ]);
  readonly #refused = this.#counter('threatguard_ingest_refused_total', 'Envelopes refused', ['code']);
  readonly #detections = this.#counter('threatguard_detections_total', 'Detections', ['severity']);
  readonly #alerts = this.#counter('threatguard_alerts_raised_total', 'Alerts raised', ['severity']);
  readonly #stages = new Histogram({
    name: 'threatguard_stage_seconds',
    help: 'Time of an envelope in each stage: analyse (with the wait for its shard), correlate, store (until the commit)',
    labelNames: ['stage'],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #requests = this.#counter('threatguard_http_requests_total', 'Requests answered', [
    'route',
    'method',
    'status',
  ]);
  readonly #requestSeconds = new Histogram({
    name: 'threatguard_http_request_seconds',
    help: 'Time from a request to its answer',
    labelNames: ['route'],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #lossPairs = new Set<string>();
  #building: Promise<string> | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    // Gauges with the name of a counter, which `promtool check metrics` refuses; they are there by type as well.
    for (const what of ['handles', 'requests', 'resources'])
      this.#registry.removeSingleMetric(`nodejs_active_${what}_total`);
  }

  /** Adds what is read from the parts of the collector; once, when those are there. */
  describe(parts: MetricsParts): void {
    this.#describeProcess(parts);
    this.#describeFleet(parts);
    this.#describeStore(parts);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** As of after the asking. Built once for all who ask in one turn of the event loop: it costs more than all else of a request. */
  text(): Promise<string> {
    this.#building ??= endOfTurn().then(() => {
      this.#building = undefined;
      return this.#registry.metrics();
    });
    return this.#building;
  }

  stored(events: number, losses: readonly Loss[]): void {
    this.#events.inc(events);
    this.#envelopes.inc();
    for (const { sensor, reason, count } of losses) {
      this.#lost.inc(this.#lossLabels(sensor ?? '', String(reason ?? '')), Math.max(0, count ?? 0));
    }
  }

  detected(severities: readonly (number | null | undefined)[]): void {
    for (const severity of severities) this.#detections.inc({ severity: severityName(severity ?? 0) });
  }

  raised(alerts: readonly Alert[]): void {
    for (const { revision, severity } of alerts) {
      if (revision === 1) this.#alerts.inc({ severity: severityName(severity ?? 0) });
    }
  }

  refused(code: string): void {
    this.#refused.inc({ code });
  }

  took(stage: PipelineStage, seconds: number): void {
    this.#stages.observe({ stage }, seconds);
  }

  answered({ route, method, status, seconds }: { route: string; method: string; status: number; seconds: number }) {
    this.#requests.inc({ route, method, status: String(status) });
    this.#requestSeconds.observe({ route }, seconds);
  }

  #lossLabels(sensor: string, reason: string): { sensor: string; reason: string } {
    const labels = { sensor: LABEL.test(sensor) ? sensor : 'other', reason: LABEL.test(reason) ? reason : 'other' };
    const pair = `${labels.sensor} ${labels.reason}`;
    if (!this.#lossPairs.has(pair) && this.#lossPairs.size >= LOSS_PAIRS_MAX)
      return { sensor: 'other', reason: 'other' };
    this.#lossPairs.add(pair);
    return labels;
  }

  #describeProcess({ status, board, streams }: MetricsParts): void {
    const { version, store, startedAtUs } = status;
    this.gauge('threatguard_build_info', 'Always 1; what runs', ['version', 'engine'], (gauge) =>
      gauge.set({ version, engine: store.engine }, 1),
    );
    this.gauge('threatguard_start_timestamp_seconds', 'When the collector started', [], (gauge) =>
      gauge.set(startedAtUs / 1e6),
    );
    this.gauge(
      'threatguard_component_up',
      '1 up, 0.5 degraded, 0 down; none where not configured',
      ['component'],
      (gauge) => {
        gauge.reset();
        for (const { name, state } of board.components()) {
          if (state !== 'not_configured') gauge.set({ component: name }, { up: 1, degraded: 0.5, down: 0 }[state]);
        }
      },
    );
    this.gauge('threatguard_stream_clients', 'Clients of the live stream', [], (gauge) => gauge.set(streams()));
  }

  #describeFleet({ status }: MetricsParts): void {
    const { fleet, presence, rules, handshakes, epochs, identity, authorities } = status;
    this.gauge('threatguard_agents', 'Agents by state', ['state'], (gauge) => {
      const count = { connected: 0, silent: 0, revoked: 0 };
      for (const { id, revokedAtUs } of fleet.agents()) {
        count[revokedAtUs !== undefined ? 'revoked' : presence.get(id)?.connected ? 'connected' : 'silent']++;
      }
      for (const [state, agents] of Object.entries(count)) gauge.set({ state }, agents);
    });
    this.gauge('threatguard_rules', 'Rules by state', ['state'], (gauge) => {
      gauge.set({ state: 'loaded' }, rules.rules.length);
      gauge.set({ state: 'disabled' }, rules.disabled().length);
    });
    this.mirror(
      'threatguard_rule_groups_evicted_total',
      'Groups of correlations forgotten for lack of room',
      [],
      (set) => set({}, rules.counters().groupsEvicted),
    );
    this.mirror('threatguard_rule_events_late_total', 'Events that came after their window had passed', [], (set) =>
      set({}, rules.counters().eventsLate),
    );
    this.mirror('threatguard_handshakes_refused_total', 'Connections refused before a call', ['code'], (set) => {
      for (const [code, count] of handshakes.entries()) set({ code }, count);
    });
    this.gauge('threatguard_kem_epoch', 'The ML-KEM epoch agents are told', [], (gauge) => gauge.set(epochs.epoch));
    this.gauge('threatguard_certificate_expiry_timestamp_seconds', 'When a certificate expires', ['of'], (gauge) => {
      gauge.set({ of: 'collector' }, identity.certificate.validToDate.getTime() / 1000);
      gauge.set({ of: 'ca' }, authorities.newest.certificate.validToDate.getTime() / 1000);
    });
  }

  #describeStore({ status }: MetricsParts): void {
    const figures = new StoreFigures(status.store, status.nowMs);
    const stored = (name: string, help: string, labels: string[], set: (gauge: Gauge, from: StoredFigures) => void) =>
      this.gauge(name, help, labels, async (gauge) => {
        const read = await figures.read();
        gauge.reset();
        // Where the store was never reached there is no figure, rather than a wrong one.
        if (read) set(gauge, read);
        else if (labels.length === 0) gauge.remove();
      });
    stored('threatguard_outbox_waiting', 'Alerts that wait to be published', [], (gauge, { totals }) =>
      gauge.set(totals.outboxWaiting),
    );
    stored('threatguard_alerts_open', 'Alerts that are not closed', [], (gauge, { totals }) =>
      gauge.set(totals.alertsOpen),
    );
    stored('threatguard_store_events', 'Events ever stored', [], (gauge, { totals }) => gauge.set(totals.events));
    stored('threatguard_store_bytes', 'Bytes on disk', ['kind'], (gauge, { space }) => {
      for (const [kind, bytes] of Object.entries(space)) if (kind !== 'bytesPerEvent') gauge.set({ kind }, bytes);
    });
    this.gauge('threatguard_store_problem', '1 while nothing can be stored', [], (gauge) =>
      gauge.set(status.writer.problem ? 1 : 0),
    );
  }

  #counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  /** A figure somebody else has, read when it is asked for. */
  gauge(name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void | Promise<void>): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        return collect(this);
      },
    });
  }

  /** A counter somebody else counts. */
  mirror(
    name: string,
    help: string,
    labelNames: string[],
    read: (set: (labels: Record<string, string>, value: number) => void) => void,
  ): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  }
}
