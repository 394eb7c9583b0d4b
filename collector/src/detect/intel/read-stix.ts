// Bundles of STIX 2.1 (and 2.0): indicators, what they indicate, and how they are marked. Other objects are only looked at for that.
import { FeedError, type FeedReport } from './feed-report.ts';
import {
  ABOUT_CHARS_MAX,
  type Indicator,
  isTechnique,
  parseConfidence,
  parseFeedTime,
  parseTlp,
  stricterTlp,
  TECHNIQUES_MAX,
  type Tlp,
} from './indicator.ts';
import { patternValue } from './pattern-values.ts';
import { PatternError, parsePattern } from './stix-pattern.ts';

type Json = Record<string, unknown>;

/** The marking definitions that STIX 2.1 (7.2.1.4) and OASIS's extension for TLP 2.0 fix. */
const MARKINGS: Record<string, Tlp> = {
  'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9': 'clear',
  'marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da': 'green',
  'marking-definition--f88d31f6-486f-44da-b317-01333bde0b82': 'amber',
  'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed': 'red',
  'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487': 'clear',
  'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb': 'green',
  'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421': 'amber',
  'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003': 'amber+strict',
  'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1': 'red',
};

/** Throws FeedError where it holds no object of STIX. */
export function readStix(document: unknown, report: FeedReport): void {
  const objects = objectsIn(document);
  if (objects.length === 0) throw new FeedError('format', 'this JSON holds no objects of STIX');
  const context = readContext(objects);
  for (const indicator of newest(objects.filter(({ type }) => type === 'indicator'))) {
    readIndicator(indicator, context, report);
  }
}

function objectsIn(document: unknown): Json[] {
  if (Array.isArray(document)) return document.flatMap((each) => (typeOf(each) ? [each as Json] : []));
  const { objects, type } = (document ?? {}) as Json;
  if (Array.isArray(objects)) return objectsIn(objects);
  return type === 'indicator' ? [document as Json] : [];
}

/** An object may stand there in several versions. */
function newest(indicators: readonly Json[]): Iterable<Json> {
  const byId = new Map<unknown, Json>();
  for (const indicator of indicators) {
    const id = indicator.id ?? indicator;
    const known = byId.get(id);
    if (!known || textOf(known.modified) <= textOf(indicator.modified)) byId.set(id, indicator);
  }
  return byId.values();
}

interface Context {
  markings: ReadonlyMap<string, Tlp>;
  /** Techniques of attack patterns, by the id of what indicates them. */
  techniques: ReadonlyMap<string, string[]>;
}

function readContext(objects: readonly Json[]): Context {
  const markings = new Map(Object.entries(MARKINGS));
  const patterns = new Map<string, string>();
  for (const object of objects) {
    if (object.type === 'marking-definition') {
      const tlp = parseTlp(textOf((object.definition as Json | undefined)?.tlp)) ?? parseTlp(textOf(object.name));
      if (tlp) markings.set(textOf(object.id), tlp);
    } else if (object.type === 'attack-pattern') {
      const technique = listOf(object.external_references)
        .map((reference) => textOf((reference as Json | null)?.external_id))
        .find(isTechnique);
      if (technique) patterns.set(textOf(object.id), technique);
    }
  }
  const techniques = new Map<string, string[]>();
  for (const { type, relationship_type, source_ref, target_ref } of objects) {
    const technique = patterns.get(textOf(target_ref));
    if (type !== 'relationship' || relationship_type !== 'indicates' || !technique) continue;
    const known = techniques.get(textOf(source_ref)) ?? [];
    techniques.set(textOf(source_ref), [...known, technique].slice(0, TECHNIQUES_MAX));
  }
  return { markings, techniques };
}

function readIndicator(indicator: Json, { markings, techniques }: Context, report: FeedReport): void {
  const id = textOf(indicator.id);
  const language = textOf(indicator.pattern_type) || 'stix';
  if (language !== 'stix') {
    report.refuse(`patterns in the language ${language.slice(0, 40)}`, id);
    return;
  }
  const untilUs = parseFeedTime(indicator.valid_until);
  if (indicator.valid_until !== undefined && untilUs === undefined) {
    report.refuse('an end that is no time', `${id}: ${textOf(indicator.valid_until)}`);
    return;
  }
  const phases = listOf(indicator.kill_chain_phases) as (Json | null)[];
  const rest: Partial<Indicator> = {
    confidence: parseConfidence(indicator.confidence),
    tlp: listOf(indicator.object_marking_refs).reduce<Tlp | undefined>(
      (strictest, reference) => stricterTlp(strictest, markings.get(textOf(reference))),
      undefined,
    ),
    sinceUs: parseFeedTime(indicator.valid_from),
    untilUs,
    about: (textOf(indicator.name) || textOf(indicator.description)).slice(0, ABOUT_CHARS_MAX),
    techniques: techniques.get(id) ?? [],
    tactics: phases
      .filter((phase) => phase?.kill_chain_name === 'mitre-attack')
      .map((phase) => textOf(phase?.phase_name))
      .filter((name) => /^[a-z-]{1,40}$/.test(name))
      .slice(0, TECHNIQUES_MAX),
    revoked: indicator.revoked === true,
  };
  try {
    for (const alternative of parsePattern(textOf(indicator.pattern))) {
      try {
        const { side = 'any', ...value } = patternValue(alternative);
        report.normalised(value, `${id}: ${alternative[0]?.value ?? ''}`, { ...rest, side });
      } catch (error) {
        refused(error, `${id}: ${textOf(indicator.pattern)}`, report);
      }
    }
  } catch (error) {
    refused(error, `${id}: ${textOf(indicator.pattern)}`, report);
  }
}

function refused(error: unknown, where: string, report: FeedReport): void {
  if (!(error instanceof PatternError)) throw error;
  report.refuse(error.message, where);
}

function typeOf(value: unknown): string {
  return textOf((value as Json | null)?.type);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
