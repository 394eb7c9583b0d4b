// scikit-learn (Debian's python3-sklearn) beside us: the same tables, in a process of its own, one thread.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Matrix } from '../../collector/src/detect/models/matrix.ts';

export interface SklearnTask {
  name: string;
  model: 'isolation-forest' | 'lof' | 'random-forest' | 'boosted-trees' | 'dbscan';
  train: Matrix;
  score: Matrix;
  labels?: Uint16Array;
  trees?: number;
  eps?: number;
  minPoints?: number;
}

export interface SklearnResult {
  trainS: number;
  scoreS: number;
  found: Float64Array;
}

const PYTHON = '/usr/bin/python3';
const SCRIPT = join(import.meta.dirname, 'models-sklearn.py');
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** Undefined where scikit-learn is not installed. */
export function sklearnVersion(): string | undefined {
  try {
    const code = 'import sklearn; print(sklearn.__version__)';
    return execFileSync(PYTHON, ['-c', code], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // Not there, or not whole: the bench says that it was skipped.
    return undefined;
  }
}

export function runSklearn(tasks: readonly SklearnTask[]): Map<string, SklearnResult> {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-sklearn-'));
  try {
    const write = (name: string, values: Float64Array | Uint16Array) => {
      writeFileSync(join(directory, name), values);
      return name;
    };
    const listed = tasks.map(({ train, score, labels, ...task }) => ({
      ...task,
      columns: train.columns,
      train: write(`${task.name}.train`, train.values),
      score: write(`${task.name}.score`, score.values),
      ...(labels && { labels: write(`${task.name}.labels`, labels) }),
    }));
    writeFileSync(join(directory, 'tasks.json'), JSON.stringify(listed));
    const printed = execFileSync(PYTHON, [SCRIPT, directory], {
      encoding: 'utf8',
      env: { ...process.env, ...ONE_THREAD },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const times = JSON.parse(printed) as { name: string; trainS: number; scoreS: number }[];
    return new Map(
      times.map(({ name, trainS, scoreS }) => {
        const bytes = readFileSync(join(directory, `${name}.found`));
        return [name, { trainS, scoreS, found: new Float64Array(new Uint8Array(bytes).buffer) }];
      }),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
