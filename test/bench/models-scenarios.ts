// How many attacks the models find among the ordinary doings of 50 hosts and 200 users in 30 days, how soon, and how often they
// speak of what is ordinary; beside a plain threshold on the same features with the same budget.
import { type Attack, KINDS } from './models-scenarios-attacks.ts';
import { BEGAN_AT_US, DAY_US, DAYS, HOSTS, HOUR_US } from './models-scenarios-fleet.ts';
import { LEARNING_DAYS, ScenarioRun } from './models-scenarios-run.ts';
import { percentile, printFigure, round } from './report.ts';

/** A detection within an hour of an attack's end still is about it: hours are judged when they are over. */
const AFTER_US = HOUR_US;

interface Alarm {
  atUs: number;
  host: number | undefined;
  user: string | undefined;
}

type Judgement = ReturnType<typeof judge>;

/** Plays the month of this seed with so many alerts a host and day allowed, and prints what came of it. */
export function reportScenarios(seed: number, budget: number): Record<string, number> {
  const run = new ScenarioRun(seed, budget);
  run.play();
  const { attacks } = run;
  const result = judge(attacks, alarmsOf(run));
  const beside = judge(attacks, plainAlarmsOf(run));
  for (const kind of KINDS) printKind(kind, { attacks, result, beside });
  printFigure('models', figuresOf(result, attacks.length));
  printFigure('plain thresholds, same budget', figuresOf(beside, attacks.length));
  const { events, observedMs, trainedMs } = run;
  const learnedMs = run.learnedMs - run.plainMs;
  const micros = (ms: number) => round((ms * 1000) / events);
  printFigure('events', `${events}; training of four models on ${LEARNING_DAYS} days ${round(trainedMs / 1000)} CPU s`);
  printFigure(
    'a microsecond for each event',
    `${micros(observedMs)} where it is opened, ${micros(learnedMs)} where it is learned`,
  );
  return {
    scenarios: attacks.length,
    found: result.found,
    falsePositiveRate: result.falsePositiveRate,
    falseAlarmsPerHostDay: result.falseAlarmsPerHostDay,
    medianSecondsToDetect: result.medianSecondsToDetect,
    perEventMicros: micros(observedMs + learnedMs),
    plainFound: beside.found,
    plainFalseAlarmsPerHostDay: beside.falseAlarmsPerHostDay,
  };
}

function alarmsOf({ detections }: ScenarioRun): Alarm[] {
  return detections.map(({ lastAtUs, values, ruleId }) => ({
    atUs: lastAtUs!,
    host: hostNumber(values?.['agent.id'] ?? ''),
    user: ruleId === 'model/user' ? values?.['user.name'] : undefined,
  }));
}

function plainAlarmsOf({ plain }: ScenarioRun): Alarm[] {
  return plain.alarms.map(({ profile: { kind, name }, hour }) => {
    const atUs = (hour + 1) * HOUR_US;
    return kind === 'host' ? { atUs, host: hostNumber(name), user: undefined } : { atUs, host: undefined, user: name };
  });
}

function hostNumber(agentId: string): number {
  return Number(agentId.slice('host-'.length));
}

function about(attack: Attack, { atUs, host, user }: Alarm): boolean {
  if (atUs < attack.beganAtUs || atUs > attack.endedAtUs + AFTER_US) return false;
  if (user !== undefined && !attack.users.includes(user)) return false;
  return host === undefined || attack.hosts.includes(host);
}

function judge(attacks: readonly Attack[], alarms: readonly Alarm[]) {
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

function printKind(
  kind: string,
  { attacks, result, beside }: { attacks: readonly Attack[]; result: Judgement; beside: Judgement },
): void {
  const some = attacks.filter((attack) => attack.kind === kind);
  const after = some.flatMap((attack) => result.foundAfter.get(attack) ?? []);
  const minutes = after.map((seconds) => `${Math.round(seconds / 60)} min`).join(', ');
  const plain = some.filter((attack) => beside.foundAfter.has(attack)).length;
  printFigure(kind, `${after.length} of ${some.length}, plain ${plain}   after ${minutes}`);
}

function figuresOf(judgement: Judgement, attacks: number): string {
  const { found, falsePositiveRate, falseAlarmsPerHostDay, medianSecondsToDetect } = judgement;
  const share = `${round(100 * falsePositiveRate)} % of ordinary host days`;
  return `${found} of ${attacks} found, false alarms ${falseAlarmsPerHostDay} a host and day, on ${share}, median ${medianSecondsToDetect} s`;
}
