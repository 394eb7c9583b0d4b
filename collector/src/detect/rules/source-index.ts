// Which rules an event of one kind has to do with. Kinds are told apart by what log sources are: class, activity, daemon, and
// whether it was a line of a log. What a rule asks of these alone is answered once for the kind, the rest is looked for in
// the event by one index (text-index.ts).
import { Activity, type HostEvent } from '@threatguard/proto';
import { fieldName, KEYWORD_FIELD } from './fields.ts';
import { HostEventView } from './host-event-view.ts';
import { type ArgumentPlace, HOST_FIELDS, type HostField, type HostFieldSource } from './host-fields.ts';
import { type RequiredText, type Requirement, requirementsOf } from './required-texts.ts';
import type { EventRule } from './rule.ts';
import { type PlacedText, TextIndex } from './text-index.ts';

/** The rules of one kind of events; the index counts them as they stand here. */
export interface KindRules<Runner> {
  runners: readonly Runner[];
  index: TextIndex<HostFieldSource>;
}

const ACTIVITIES = Math.max(...Object.values(Activity).filter((value) => typeof value === 'number')) + 1;
const ORIGINAL = 'event.original';

export class SourceIndex<Runner extends { rule: EventRule }> {
  /** By class, the rules over events of that class. */
  readonly #byClass: (Runner[] | undefined)[] = [];
  /** By class, numbers of the daemons that rules tell apart; all others are 0. */
  readonly #services: Map<string, number>[] = [];
  /** By class and what else makes a kind; made when the first event of the kind comes. */
  readonly #kinds: (KindRules<Runner> | undefined)[][] = [];
  /** Kinds that leave the same of the same rules open have one index. */
  readonly #made = new Map<string, KindRules<Runner>>();

  constructor(runners: readonly Runner[]) {
    for (const runner of runners) {
      for (const one of runner.rule.classes) {
        this.#byClass[one] ??= [];
        this.#byClass[one].push(runner);
        this.#kinds[one] ??= [];
        this.#services[one] ??= new Map();
        const services = this.#services[one];
        for (const service of runner.rule.source.services ?? []) {
          if (!services.has(service)) services.set(service, services.size + 1);
        }
      }
    }
  }

  /** Undefined where no rule is about such events. */
  of(event: HostEvent): KindRules<Runner> | undefined {
    const one = event.class ?? 0;
    const kinds = this.#kinds[one];
    if (!kinds) return undefined;
    // An activity that nobody named is none: what a hostile agent sends does not make kinds.
    const named = event.activity ?? 0;
    const activity = Activity[named] === undefined ? 0 : named;
    const service = event.serviceName ? (this.#services[one]!.get(event.serviceName) ?? 0) : 0;
    const at = (service * ACTIVITIES + activity) * 2 + (event.original ? 1 : 0);
    kinds[at] ??= this.#make(event);
    return kinds[at];
  }

  #make(event: HostEvent): KindRules<Runner> {
    const view = new HostEventView();
    const { class: one, activity, serviceName, original } = event;
    view.show({ class: one, activity, serviceName, original } as HostEvent, 0);
    const meant: { runner: Runner; open: RequiredText[][][] }[] = [];
    let key = `${one}${original ? ' line' : ''}`;
    this.#byClass[one!]!.forEach((runner, number) => {
      if (!view.isFrom(runner.rule.source)) return;
      const required = requirementsOf(runner.rule.matches);
      const open = required.map((groups) => openGroups(groups, view));
      if (required.length > 0 && open.every((groups) => groups === undefined)) return;
      const possible = open.filter((groups) => groups !== undefined);
      // Where the kind alone meets one of them there is nothing to look for.
      const all = possible.every((groups) => groups.length > 0) ? possible : [];
      meant.push({ runner, open: all.map((groups) => groups.map(({ texts }) => texts)) });
      key += ` ${number}:${JSON.stringify(open.map((groups) => groups?.map(({ at, texts }) => [at, texts.length])))}`;
    });
    const made = this.#made.get(key);
    if (made) return made;
    const rules = {
      runners: meant.map(({ runner }) => runner),
      index: new TextIndex<HostFieldSource>(
        meant.map(({ open }) => open.map((groups) => groups.map((texts) => placed(texts, Boolean(original))))),
        (name) => HOST_FIELDS[name]!,
      ),
    };
    this.#made.set(key, rules);
    return rules;
  }
}

/** The groups that the kind of the event does not meet already, and their places; undefined where it cannot meet one. */
function openGroups(groups: Requirement, kind: HostFieldSource): { at: number; texts: RequiredText[] }[] | undefined {
  const open: { at: number; texts: RequiredText[] }[] = [];
  for (const [at, texts] of groups.entries()) {
    const ofKind = texts.filter(({ slot }) => HOST_FIELDS[fieldName(slot)]?.ofKind);
    if (ofKind.some((text) => isIn(text, HOST_FIELDS[fieldName(text.slot)]!.read(kind)))) continue;
    const rest = texts.filter((text) => !ofKind.includes(text));
    if (rest.length === 0) return undefined;
    open.push({ at, texts: rest });
  }
  return open;
}

function isIn({ text, start, end }: RequiredText, value: ReturnType<HostField['read']>): boolean {
  if (value === undefined) return false;
  return [value].flat().some((each) => {
    const folded = String(each).toLowerCase();
    return folded.includes(text) && (!start || folded.startsWith(text)) && (!end || folded.endsWith(text));
  });
}

/** Where each text is looked for. Of a line of a log keywords read nothing but the line. */
function placed(texts: readonly RequiredText[], line: boolean): PlacedText[] {
  return texts.flatMap(({ slot, ...text }) => {
    const name = fieldName(slot);
    const within = HOST_FIELDS[name]?.within;
    if (!within) return [{ name, ...text }];
    const names = name === KEYWORD_FIELD ? within.names.filter((one) => (one === ORIGINAL) === line) : within.names;
    const forms = within.as === 'whole' ? [text] : argumentForms(text, within.as);
    return names.flatMap((one) => forms.map((form) => ({ name: one, ...form })));
  });
}

/** Between arguments there is a space, in whose place the first begins and the last ends. */
function argumentForms(text: Omit<RequiredText, 'slot'>, place: ArgumentPlace): Omit<RequiredText, 'slot'>[] {
  const spaced = { ...text, text: ` ${text.text}`, start: false };
  const begins = {
    'first argument': [text],
    'later argument': [spaced],
    argument: [text, spaced],
  }[place];
  const begun = text.start ? begins : [text];
  return begun.flatMap((one) => (one.end ? [one, { ...one, text: `${one.text} `, end: false }] : [one]));
}
