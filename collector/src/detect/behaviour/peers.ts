// Who is like whom: entities of one kind whose hours look alike, found anew every night (DBSCAN over what is usual for them).
import { clusterRows, NOISE } from '../models/dbscan.ts';
import { DistanceTable } from '../models/distance-table.ts';
import { learnScale, type Matrix, standardise } from '../models/matrix.ts';
import { Random } from '../models/random.ts';
import type { EntityTable } from './entity-table.ts';
import { FEATURE_COUNT } from './features.ts';
import { ENTITY_KINDS, featureAt, HOUR_MEAN, HOUR_WEIGHT, LAYOUT, type Profile } from './profile.ts';

/** Rows of DBSCAN's neighbourhood; the paper's 4 for few dimensions, one more for many. */
const MIN_POINTS = 5;
/** Members of a group that are asked: enough to tell "nobody has it" from "one in ten has it". */
const ASKED_MAX = 64;
/** Entities of a kind that are grouped; a random part stands for the rest, which have everybody of their kind for peers. */
const GROUPED_MAX = 1_000;
/** Fewer than this are no group to be compared with. */
export const PEERS_LEAST = 5;
/** Days known before an entity is like others. */
const DAYS_LEAST = 2;

/** Entities by their hashes. */
export interface SavedGroups {
  groups: number;
  lists: number[][];
  members: Map<number, number>;
  everybody: Map<string, number[]>;
}

export class PeerGroups {
  /** Of each entity that has one, those asked for its group. */
  #members = new Map<number, readonly Profile[]>();
  #everybody = new Map<string, readonly Profile[]>();
  groups = 0;

  /** Peers of an entity, at most ASKED_MAX and never itself; all of its kind where it belongs to no group. */
  of(profile: Profile): readonly Profile[] {
    const members = this.#members.get(profile.hash) ?? this.#everybody.get(profile.kind) ?? [];
    return members.filter((each) => each !== profile);
  }

  state(): SavedGroups {
    const lists = [...new Set(this.#members.values())];
    const place = new Map(lists.map((list, at) => [list, at]));
    const hashes = (list: readonly Profile[]) => list.map(({ hash }) => hash);
    return {
      groups: this.groups,
      lists: lists.map(hashes),
      members: new Map(Array.from(this.#members, ([hash, list]) => [hash, place.get(list)!])),
      everybody: new Map(Array.from(this.#everybody, ([kind, list]) => [kind, hashes(list)])),
    };
  }

  restore({ groups, lists, members, everybody }: SavedGroups, entities: EntityTable): void {
    const profiles = (hashes: readonly number[]) => hashes.flatMap((hash) => entities.find(hash) ?? []);
    const known = lists.map(profiles);
    this.groups = groups;
    this.#members = new Map(Array.from(members, ([hash, at]) => [hash, known[at]!]));
    this.#everybody = new Map(Array.from(everybody, ([kind, hashes]) => [kind, profiles(hashes)]));
  }

  /** Groups everybody anew. */
  find(entities: EntityTable, seed: number): void {
    const members = new Map<number, readonly Profile[]>();
    const everybody = new Map<string, readonly Profile[]>();
    this.groups = 0;
    for (const [index, kind] of ENTITY_KINDS.entries()) {
      const random = new Random(seed).fork(index);
      const known = entities.ofKind(kind).filter(({ ageDays }) => ageDays >= DAYS_LEAST);
      everybody.set(kind, pick(known, ASKED_MAX, random));
      const grouped = pick(known, GROUPED_MAX, random);
      if (grouped.length < 2 * PEERS_LEAST) continue;
      const labels = clusterProfiles(grouped);
      for (const group of groupBy(grouped, labels)) {
        if (group.length < PEERS_LEAST) continue;
        this.groups++;
        const asked = pick(group, ASKED_MAX, random);
        for (const { hash } of group) members.set(hash, asked);
      }
    }
    this.#members = members;
    this.#everybody = everybody;
  }
}

function clusterProfiles(profiles: readonly Profile[]): Int32Array {
  const matrix = describeProfiles(profiles);
  const table = new DistanceTable(standardise(matrix, learnScale(matrix)));
  const limit = chooseEps(table, matrix.rows) ** 2;
  return clusterRows(matrix.rows, (row) => table.within(row, limit), MIN_POINTS);
}

/** For each feature how often an hour has any and its mean; then when in the day it is active, as a point on a circle. */
function describeProfiles(profiles: readonly Profile[]): Matrix {
  const columns = FEATURE_COUNT * 2 + 2;
  const values = new Float64Array(profiles.length * columns);
  profiles.forEach(({ numbers, knownDays }, row) => {
    const into = values.subarray(row * columns, (row + 1) * columns);
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const at = featureAt(feature);
      let [weight, sum] = [0, 0];
      for (let hour = 0; hour < 24; hour++) {
        const each = numbers[at + HOUR_WEIGHT + hour]!;
        weight += each;
        sum += each * numbers[at + HOUR_MEAN + hour]!;
      }
      into[feature * 2] = Math.sqrt(weight / (24 * knownDays));
      into[feature * 2 + 1] = weight > 0 ? sum / weight : 0;
    }
    let total = 0;
    for (let hour = 0; hour < 24; hour++) {
      const weight = numbers[LAYOUT.hours + hour]!;
      total += weight;
      into[columns - 2]! += weight * Math.cos((hour * Math.PI) / 12);
      into[columns - 1]! += weight * Math.sin((hour * Math.PI) / 12);
    }
    for (const column of [columns - 2, columns - 1]) into[column]! /= total || 1;
  });
  return { rows: profiles.length, columns, values };
}

/** The distance within which three quarters have MIN_POINTS neighbours: the sorted k-distance plot of the paper, cut there. */
function chooseEps(table: DistanceTable, rows: number): number {
  const distances = Float64Array.from({ length: rows }, (_, row) =>
    Math.sqrt(table.squareOfNearest(row, MIN_POINTS)),
  ).sort();
  return distances[Math.floor(distances.length * 0.75)]! + Number.EPSILON;
}

function groupBy(profiles: readonly Profile[], labels: Int32Array): Profile[][] {
  const groups: Profile[][] = [];
  profiles.forEach((profile, row) => {
    const label = labels[row]!;
    if (label === NOISE) return;
    const group = groups[label] ?? [];
    group.push(profile);
    groups[label] = group;
  });
  return groups;
}

function pick<T>(from: readonly T[], most: number, random: Random): readonly T[] {
  if (from.length <= most) return from;
  return Array.from(random.sample(most, from.length).sort(), (at) => from[at]!);
}
