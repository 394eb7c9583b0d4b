// How many attacks the models find among the ordinary doings of 50 hosts and 200 users in 30 days, how soon, and how often they
// speak of what is ordinary; beside a plain threshold on the same features with the same budget.
// Run: node test/bench/models-scenarios.ts [seed]. One JSON object in the last line.
import type { Detection, HostEvent } from '@threatguard/proto';
import { Behaviour } from '../../collector/src/detect/behaviour/behaviour.ts';
import { FEATURE_COUNT } from '../../collector/src/detect/behaviour/features.ts';
import { observe } from '../../collector/src/detect/behaviour/observations.ts';
import { ENTITY_KINDS, type EntityKind, LAYOUT, type Profile } from '../../collector/src/detect/behaviour/profile.ts';
import type { ActiveModel } from '../../collector/src/detect/behaviour/trained/registry.ts';
import { HOUR_MODELS, loadScorer, trainKind } from '../../collector/src/detect/behaviour/trained/scorers.ts';
import { voteOf } from '../../collector/src/detect/behaviour/trained/voters.ts';
import { type Attack, KINDS, layAttacks } from './models-scenarios-attacks.ts';
import { BEGAN_AT_US, DAY_US, DAYS, Fleet, type FleetEvent, HOSTS, HOUR_US } from './models-scenarios-fleet.ts';
import { PlainThresholds } from './models-scenarios-plain.ts';
import { percentile, printFigure, printResult, round } from './report.ts';

const LEARNING_DAYS = 14;
const ALERTS_PER_HOST_DAY = 0.05;
/** Hosts send what they saw every ten minutes, not in step with each other. */
const BATCH_US = 600e6;
/** A detection within an hour of an attack's end still is about it: hours are judged when they are over. */
const AFTER_US = HOUR_US;

interface Alarm {
  atUs: number;
  host: number | undefined;
  user: string | undefined;
}

const seed = Number(process.argv[2] ?? 1);
const fleet = new Fleet(seed);
const attacks = layAttacks(fleet, { from: LEARNING_DAYS + 1, to: DAYS - 2 });
const plain = new PlainThresholds();
const rows = new Map<EntityKind, Float32Array[]>(ENTITY_KINDS.map((kind) => [kind, []]));
const active: ActiveModel[] = [];
let day = 0;
let trainedMs = 0;

const behaviour = new Behaviour({
  learningDays: LEARNING_DAYS,
  alertsPerHostDay: ALERTS_PER_HOST_DAY,
  seed: 1,
  agentName: (id) => id,
  closed: takeHour,
  vote: (profile) => voteOf(active, profile),
});
const detections: Detection[] = [];
let events = 0;
let observedMs = 0;
let learnedMs = 0;
let plainMs = 0;

/** Of the processor, so that a machine that does much else changes little. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function takeHour(profile: Profile): void {
  const startedMs = threadMs();
  if (profile.kind === 'host' || profile.kind === 'user') plain.take(profile, day >= 7 && day < LEARNING_DAYS);
  if (day < LEARNING_DAYS) {
    rows.get(profile.kind)!.push(profile.numbers.slice(LAYOUT.window, LAYOUT.window + FEATURE_COUNT));
  }
  plainMs += threadMs() - startedMs;
}

function trainModels(): void {
  const startedMs = performance.now();
  for (const name of HOUR_MODELS) {
    const model: ActiveModel = { name, version: 1, scorers: {} };
    for (const kind of ENTITY_KINDS) {
      const kept = rows.get(kind)!;
      const features = new Float32Array(kept.length * FEATURE_COUNT);
      for (const [at, row] of kept.entries()) features.set(row, at * FEATURE_COUNT);
      model.scorers[kind] = loadScorer(name, trainKind(name, features, 1));
    }
    active.push(model);
  }
  trainedMs = performance.now() - startedMs;
}

const sequences = new Map<number, number>();

/** One envelope of a host, through both halves: what the thread that opens it does, and the one that learns. */
function send(host: number, hostEvents: HostEvent[]): void {
  const agentId = `host-${host}`;
  const sequence = (sequences.get(host) ?? 0) + 1;
  sequences.set(host, sequence);
  const header = { streamId: new Uint8Array(16), sequence };
  const eventTimesUs = Float64Array.from(hostEvents, (event) => event.observedAtUs!);
  const startedMs = threadMs();
  const observations = observe({ agentId, agentName: agentId, header, events: hostEvents, eventTimesUs });
  const halfMs = threadMs();
  detections.push(...behaviour.observe(observations));
  observedMs += halfMs - startedMs;
  learnedMs += threadMs() - halfMs;
  events += hostEvents.length;
}

function sendDay(all: readonly FleetEvent[]): void {
  const waiting = new Map<number, HostEvent[]>();
  let sendAtUs = 0;
  const sendAll = () => {
    for (const [host, hostEvents] of waiting) send(host, hostEvents);
    waiting.clear();
  };
  for (const { host, event } of all) {
    if (event.observedAtUs! > sendAtUs) {
      sendAll();
      sendAtUs = event.observedAtUs! + BATCH_US;
    }
    const known = waiting.get(host);
    if (known) known.push(event);
    else waiting.set(host, [event]);
  }
  sendAll();
}

function about(attack: Attack, { atUs, host, user }: Alarm): boolean {
  if (atUs < attack.beganAtUs || atUs > attack.endedAtUs + AFTER_US) return false;
  if (user !== undefined && !attack.users.includes(user)) return false;
  return host === undefined || attack.hosts.includes(host);
}

function judge(alarms: readonly Alarm[]) {
  const foundAfter = new Map<Attack, number>();
  const falseAlarms: Alarm[] = [];
  for (const alarm of alarms) {
    const hit = attacks.filter((attack) => about(attack, alarm));
    if (hit.length === 0) falseAlarms.push(alarm);
    for (const attack of hit) {
      if (!foundAfter.has(attack)) foundAfter.set(attack, (alarm.atUs - attack.beganAtUs) / 1e6);
    }
  }
  const judgedDays = DAYS - LEARNING_DAYS;
  const attacked = new Set(
    attacks.flatMap(({ hosts, beganAtUs }) => hosts.map((host) => `${host} ${dayOf(beganAtUs)}`)),
  );
  const noisy = new Set(falseAlarms.map(({ host, user, atUs }) => `${host ?? user} ${dayOf(atUs)}`));
  const ordinary = HOSTS * judgedDays - attacked.size;
  return {
    foundAfter,
    found: foundAfter.size,
    falsePositiveRate: round(noisy.size / ordinary, 4),
    falseAlarmsPerHostDay: round(falseAlarms.length / (HOSTS * judgedDays), 4),
    medianSecondsToDetect: Math.round(percentile([...foundAfter.values()], 0.5)),
  };
}

function dayOf(atUs: number): number {
  return Math.floor((atUs - BEGAN_AT_US) / DAY_US);
}

const laid = attacks.flatMap((attack) => attack.events).sort((a, b) => a.event.observedAtUs! - b.event.observedAtUs!);
let next = 0;
for (day = 0; day < DAYS; day++) {
  if (day === LEARNING_DAYS) {
    trainModels();
    plain.settle(ALERTS_PER_HOST_DAY * HOSTS * 7);
  }
  const today = fleet.day(day);
  const endUs = BEGAN_AT_US + (day + 1) * DAY_US;
  for (; next < laid.length && laid[next]!.event.observedAtUs! < endUs; next++) today.push(laid[next]!);
  sendDay(today.sort((a, b) => a.event.observedAtUs! - b.event.observedAtUs!));
}

const alarms = detections.map(({ lastAtUs, values, ruleId }): Alarm => {
  const host = Number((values?.['agent.id'] ?? '').slice('host-'.length));
  return { atUs: lastAtUs!, host, user: ruleId === 'model/user' ? values?.['user.name'] : undefined };
});
const plainAlarms = plain.alarms.map(({ profile: { kind, name }, hour }): Alarm => {
  const atUs = (hour + 1) * HOUR_US;
  return kind === 'host'
    ? { atUs, host: Number(name.slice('host-'.length)), user: undefined }
    : { atUs, host: undefined, user: name };
});
const result = judge(alarms);
const beside = judge(plainAlarms);

for (const kind of KINDS) {
  const some = attacks.filter((attack) => attack.kind === kind);
  const after = some.flatMap((attack) => result.foundAfter.get(attack) ?? []);
  const minutes = after.map((seconds) => `${Math.round(seconds / 60)} min`).join(', ');
  printFigure(
    kind,
    `${after.length} of ${some.length}, plain ${some.filter((each) => beside.foundAfter.has(each)).length}   after ${minutes}`,
  );
}
const figures = ({ found, falsePositiveRate, falseAlarmsPerHostDay, medianSecondsToDetect }: typeof result) =>
  `${found} of ${attacks.length} found, false alarms ${falseAlarmsPerHostDay} a host and day, on ${round(100 * falsePositiveRate)} % of ordinary host days, median ${medianSecondsToDetect} s`;
printFigure('models', figures(result));
printFigure('plain thresholds, same budget', figures(beside));
printFigure('events', `${events}; training of three models on ${LEARNING_DAYS} days ${round(trainedMs / 1000)} s`);
printFigure(
  'a microsecond for each event',
  `${round((observedMs * 1000) / events)} where it is opened, ${round(((learnedMs - plainMs) * 1000) / events)} where it is learned`,
);
printResult({
  scenarios: attacks.length,
  found: result.found,
  falsePositiveRate: result.falsePositiveRate,
  falseAlarmsPerHostDay: result.falseAlarmsPerHostDay,
  medianSecondsToDetect: result.medianSecondsToDetect,
  perEventMicros: round(((observedMs + learnedMs - plainMs) * 1000) / events),
  plainFound: beside.found,
  plainFalseAlarmsPerHostDay: beside.falseAlarmsPerHostDay,
});
