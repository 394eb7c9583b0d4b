// DBSCAN: Ester, Kriegel, Sander and Xu, "A Density-Based Algorithm for Discovering Clusters in Large Spatial Databases with
// Noise", KDD 1996.
import { KdTree } from './kd-tree.ts';
import { type Matrix, rowOf } from './matrix.ts';

export const NOISE = -1;
const UNSEEN = -2;

/**
 * A label for each row: clusters are numbered from 0 by their first row, NOISE belongs to none. A row with at least
 * `minPoints` rows within `eps` (Euclidean, itself counted) is a core of its cluster; a row at the border of several belongs
 * to the first of them. No value may be NaN; `eps` is in the units of the data.
 */
export function findClusters(data: Matrix, { eps, minPoints }: { eps: number; minPoints: number }): Int32Array {
  const tree = new KdTree(data);
  const neighbours = (row: number): number[] => {
    const near: number[] = [];
    tree.within(rowOf(data, row), eps, (each) => near.push(each));
    return near;
  };
  return clusterRows(data.rows, neighbours, minPoints);
}

/** The same of rows whose neighbours, each row itself among them, somebody else finds. */
export function clusterRows(rows: number, neighbours: (row: number) => number[], minPoints: number): Int32Array {
  const labels = new Int32Array(rows).fill(UNSEEN);
  let clusters = 0;
  for (let first = 0; first < rows; first++) {
    if (labels[first] !== UNSEEN) continue;
    const seeds = neighbours(first);
    if (seeds.length < minPoints) {
      labels[first] = NOISE;
      continue;
    }
    const cluster = clusters++;
    labels[first] = cluster;
    const pending = take(seeds, labels, cluster);
    for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
      const around = neighbours(row);
      if (around.length >= minPoints) for (const each of take(around, labels, cluster)) pending.push(each);
    }
  }
  return labels;
}

/** Puts those of the rows that no cluster has into this one; the ones whose own neighbours were not looked at yet. */
function take(rows: readonly number[], labels: Int32Array, cluster: number): number[] {
  const fresh: number[] = [];
  for (const row of rows) {
    if (labels[row] === UNSEEN) fresh.push(row);
    if (labels[row] === UNSEEN || labels[row] === NOISE) labels[row] = cluster;
  }
  return fresh;
}
