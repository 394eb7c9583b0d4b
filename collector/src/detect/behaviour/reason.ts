// Why a model spoke, as data and in words.
import type { FeatureReason, ModelReason, ModelVote } from '@threatguard/proto';
import { type Calibration, FRESH, ODD_HOUR, PERSISTENT, VOLUME } from './calibration.ts';
import { FEATURE_COUNT, FEATURES, type Feature } from './features.ts';
import type { Novelty } from './novelty.ts';
import { PEERS_LEAST, type PeerGroups } from './peers.ts';
import { CATEGORIES, type Category, LAYOUT, type Profile, TOP_KEPT } from './profile.ts';
import { hourSurprise, quantileOf, surpriseOf, timesSeen, usualAt } from './usual.ts';

const HOUR_US = 3_600_000_000;
/** What is said of one hour: more nobody reads. */
const FEATURES_SAID_MAX = 3;
const FEATURES_KEPT_MAX = 6;
/** What so many hours of such entities have is no reason: one in ten. */
const SURPRISE_LEAST = 1;

/** Something new that an hour had. */
export interface FreshItem extends Novelty {
  category: number;
  text: string;
}

export interface ReasonParts {
  profile: Profile;
  /** How people know the entity. */
  entity: string;
  atUs: number;
  fresh: readonly FreshItem[];
  groups: PeerGroups;
  calibration: Calibration;
  score: number;
  threshold: number;
  votes: readonly ModelVote[];
  /** What it did one after the other that it seldom does. */
  sequence: Said | undefined;
}

export function buildReason(parts: ReasonParts): { reason: ModelReason; sentence: string } {
  const { profile, entity, atUs } = parts;
  const features = [
    ...volumes(parts),
    ...parts.fresh.map((item) => describeFresh(item, parts)),
    ...oddHour(parts),
    ...(parts.sequence ? [parts.sequence] : []),
  ]
    .filter(({ surprise }) => surprise >= SURPRISE_LEAST)
    .sort((a, b) => b.surprise - a.surprise)
    .slice(0, FEATURES_KEPT_MAX);
  const said = features.slice(0, FEATURES_SAID_MAX).map((feature) => feature.sentence);
  const reason = {
    entityKind: profile.kind,
    entity,
    hourAtUs: profile.hour * HOUR_US,
    score: parts.score,
    threshold: parts.threshold,
    votes: [...parts.votes],
    features,
  };
  return { reason, sentence: said.join('; ') || `an hour unlike those of ${entity} before, at ${clock(atUs)}` };
}

type Said = FeatureReason & { surprise: number; sentence: string };

function volumes({ profile, groups, calibration, atUs }: ReasonParts): Said[] {
  const { kind, numbers } = profile;
  const said: Said[] = [];
  for (let feature = 0; feature < FEATURE_COUNT; feature++) {
    const observed = numbers[LAYOUT.window + feature]!;
    if (observed <= 0) continue;
    const compared = compareVolume(profile, groups, { feature, observed, hour: profile.hour });
    const once = calibration.rarity(kind, VOLUME + feature, compared.surprise);
    const persistent = numbers[LAYOUT.signal + PERSISTENT + feature]!;
    const often = persistent > 0 ? calibration.rarity(kind, PERSISTENT + feature, persistent) : 0;
    const surprise = Math.max(once, often);
    if (surprise < SURPRISE_LEAST) continue;
    const described = { ...compared, surprise };
    const sentence = sayVolume(FEATURES[feature]!, described, atUs);
    said.push({ ...described, sentence: often > once ? `${sentence}, and above it for hours` : sentence });
  }
  return said;
}

/** A feature of an hour beside what is usual then for the entity and its peers. `surprise` is by the entity's own past alone. */
export function compareVolume(
  profile: Profile,
  groups: PeerGroups,
  { feature, observed, hour }: { feature: number; observed: number; hour: number },
) {
  const usual = usualAt(profile, feature, hour % 24);
  const times = timesSeen(profile, feature, observed);
  return {
    feature: FEATURES[feature]!.name,
    unit: FEATURES[feature]!.unit,
    observed,
    usual: quantileOf(usual, 0.5),
    usualLow: quantileOf(usual, 0.05),
    usualHigh: quantileOf(usual, 0.95),
    ...peerRange(groups.of(profile), feature, hour % 24),
    timesSeen: times,
    timesSeenMore: times === TOP_KEPT,
    days: daysOf(profile),
    surprise: surpriseOf(usual, observed),
  };
}

/** What is usual for peers at this hour: the middle nine tenths of their medians. */
function peerRange(peers: readonly Profile[], feature: number, hourOfDay: number) {
  if (peers.length < PEERS_LEAST) return { peersLow: 0, peersHigh: 0, peers: 0 };
  const medians = peers.map((peer) => quantileOf(usualAt(peer, feature, hourOfDay), 0.5)).sort((a, b) => a - b);
  const at = (share: number) => medians[Math.round(share * (medians.length - 1))]!;
  return { peersLow: at(0.05), peersHigh: at(0.95), peers: peers.length };
}

export function sayVolume(feature: Feature, said: FeatureReason, atUs: number): string {
  const amount = (value: number | null | undefined) => sayAmount(value ?? 0, feature.unit);
  const parts = [
    `${amount(said.observed)} ${Math.round(said.observed ?? 0) === 1 ? singular(feature) : feature.said} at ${clock(atUs)}`,
    `usual at this hour ${amount(said.usual)}`,
  ];
  const upTo = amount(said.usualHigh);
  if (upTo !== amount(said.usual)) parts[1] += `, up to ${upTo}`;
  if (said.peers) {
    const [low, high] = [amount(said.peersLow), amount(said.peersHigh)];
    parts[1] += low === high ? `, peers ${low}` : `, peers ${low} to ${high}`;
  }
  const times = said.timesSeenMore
    ? `at least ${said.timesSeen} times`
    : said.timesSeen === 1
      ? 'once'
      : `${said.timesSeen} times`;
  return `${parts.join('; ')}; seen ${times} in ${sayDays(said.days ?? 0)}`;
}

const CATEGORY_WORDS: Record<Category, string> = {
  source: 'from network',
  peer: 'with',
  program: 'program',
  pair: 'started',
  command: 'command',
  destination: 'to network',
  port: 'to port',
};

function describeFresh(item: FreshItem, { profile, entity, calibration }: ReasonParts): Said {
  const { category, text, peers, peersWith } = item;
  const surprise = calibration.rarity(profile.kind, FRESH + category, item.surprise);
  const name = CATEGORIES[category]!;
  const days = daysOf(profile);
  const among = peers >= PEERS_LEAST ? `, and ${peersWith} of ${peers} peers know it` : '';
  const what =
    name === 'peer' ? (profile.kind === 'user' ? `on ${text}` : `by ${text}`) : `${CATEGORY_WORDS[name]} ${text}`;
  const sentence = `${entity} ${what} for the first time in ${sayDays(days)}${among}`;
  return { feature: name, unit: '', value: text, peers, peersWith, timesSeen: 0, days, surprise, sentence };
}

function oddHour({ profile, atUs, entity, calibration }: ReasonParts): Said[] {
  if (profile.kind !== 'user' && profile.kind !== 'account') return [];
  const own = hourSurprise(profile, profile.hour);
  const surprise = calibration.rarity(profile.kind, ODD_HOUR, own);
  const share = 10 ** -own;
  const percent = share < 0.001 ? 'less than 0.1 %' : `${(share * 100).toFixed(share < 0.01 ? 1 : 0)} %`;
  const sentence = `${entity} active at ${clock(atUs)}; ${percent} of what it did in ${sayDays(daysOf(profile))} was at hours as rare`;
  return [{ feature: 'hour', unit: '', value: clock(atUs), days: daysOf(profile), surprise, sentence }];
}

function daysOf({ ageDays }: Profile): number {
  return Math.max(1, Math.round(ageDays));
}

function sayDays(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}

/** Three digits, and the prefix that makes them few. */
function sayAmount(value: number, unit: Feature['unit']): string {
  if (unit === 'percent') return `${Math.round(value)} %`;
  if (unit === 'count') return String(Math.round(value));
  const steps = ['B', 'kB', 'MB', 'GB', 'TB'];
  let step = 0;
  let scaled = value;
  while (scaled >= 999.5 && step < steps.length - 1) {
    scaled /= 1000;
    step++;
  }
  return `${scaled >= 10 || step === 0 ? Math.round(scaled) : scaled.toFixed(1)} ${steps[step]}`;
}

/** Of the day, in UTC as profiles are. */
function clock(atUs: number): string {
  return `${new Date(atUs / 1000).toISOString().slice(11, 16)} UTC`;
}

/** "1 failed logon": of the words of a count the first plural is what is counted. */
function singular({ said, unit }: Feature): string {
  return unit === 'count' ? said.replace(/s\b/, '') : said;
}
