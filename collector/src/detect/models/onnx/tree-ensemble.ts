// Trees of any kind as attributes of ai.onnx.ml's TreeEnsembleRegressor (version 3, over doubles): every leaf adds to one or
// several sums. A choice of categories is a row of comparisons that share where they go, since version 3 has no sets. These are
// never for equality: onnxruntime 1.30 takes rows of those together that do not belong together.
import type { Attributes, ModelWriter } from './model-writer.ts';

/** What a node asks of a value; what is missing (NaN) answers `missing`. */
export type Question = { feature: number; missing: boolean } & (
  | { kind: 'below' | 'up to'; threshold: number }
  /** Whole numbers, from 0. */
  | { kind: 'one of'; values: readonly number[] }
);

/** A tree as the ensemble takes it: the root is 0, and what stands in no leaf adds nothing. */
export interface TreeShape {
  /** The question of a node and where yes and no lead; or what it adds to each sum. */
  nodeAt(node: number): { question: Question; yes: number; no: number } | { sums: readonly Addend[] };
}

export interface Addend {
  target: number;
  weight: number;
}

const MODES = { below: 'BRANCH_LT', 'up to': 'BRANCH_LEQ' } as const;

/** A comparison that leads to either answer of the question where it is true, and on where it is not. */
interface Step {
  mode: keyof typeof MODES;
  threshold: number;
  missing: boolean;
  answer: 'yes' | 'no';
}

/** What is asked, one comparison after the other; what none of them is true of is a no. */
function stepsOf(question: Question): Step[] {
  const { kind, missing } = question;
  if (kind !== 'one of') return [{ mode: kind, threshold: question.threshold, missing, answer: 'yes' }];
  const steps: Step[] = [];
  const upTo = (threshold: number, answer: 'yes' | 'no', own = false) =>
    steps.push({ mode: 'up to', threshold, missing: own, answer });
  const values = [...question.values].sort((a, b) => a - b);
  // True of what is missing alone, or of nothing.
  if (missing || values.length === 0) upTo(Number.NEGATIVE_INFINITY, 'yes', missing);
  values.forEach((value, at) => {
    if (values[at - 1] !== value - 1) upTo(value - 1, 'no');
    if (values[at + 1] !== value + 1) upTo(value, 'yes');
  });
  return steps;
}

export class TreeEnsemble {
  readonly #targets: number;
  readonly #trees: number[] = [];
  readonly #ids: number[] = [];
  readonly #features: number[] = [];
  readonly #modes: string[] = [];
  readonly #values: number[] = [];
  readonly #yes: number[] = [];
  readonly #no: number[] = [];
  readonly #missing: number[] = [];
  readonly #leafTrees: number[] = [];
  readonly #leafNodes: number[] = [];
  readonly #leafTargets: number[] = [];
  readonly #leafWeights: number[] = [];
  #count = 0;

  /** `targets`: how many sums there are. */
  constructor(targets: number) {
    this.#targets = targets;
  }

  add(shape: TreeShape): void {
    const tree = this.#count++;
    let ids = 1;
    const pending = [{ node: 0, id: 0 }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const asked = shape.nodeAt(next.node);
      if ('sums' in asked) {
        this.#push(tree, next.id, { mode: 'LEAF' });
        for (const { target, weight } of asked.sums) {
          this.#leafTrees.push(tree);
          this.#leafNodes.push(next.id);
          this.#leafTargets.push(target);
          this.#leafWeights.push(weight);
        }
        continue;
      }
      const { feature } = asked.question;
      const yes = ids++;
      const no = ids++;
      const steps = stepsOf(asked.question);
      let id = next.id;
      for (const [at, { mode, threshold, missing, answer }] of steps.entries()) {
        const after = at + 1 < steps.length ? ids++ : no;
        const where = { feature, value: threshold, yes: answer === 'yes' ? yes : no, no: after };
        this.#push(tree, id, { mode: MODES[mode], missing, ...where });
        id = after;
      }
      pending.push({ node: asked.yes, id: yes }, { node: asked.no, id: no });
    }
  }

  /** Adds the node that gives the sums of each row of `input` ([rows, features] of doubles): floats, [rows, targets]. */
  write(model: ModelWriter, input: string, base: readonly number[] = []): string {
    const integers = (value: number[]) => ({ kind: 'integers', value }) as const;
    const doubles = (values: readonly number[]) =>
      ({ kind: 'tensor', value: { type: 'double', shape: [values.length], values } }) as const;
    const attributes: Attributes = {
      n_targets: { kind: 'integer', value: this.#targets },
      aggregate_function: { kind: 'text', value: 'SUM' },
      post_transform: { kind: 'text', value: 'NONE' },
      nodes_treeids: integers(this.#trees),
      nodes_nodeids: integers(this.#ids),
      nodes_featureids: integers(this.#features),
      nodes_modes: { kind: 'texts', value: this.#modes },
      nodes_values_as_tensor: doubles(this.#values),
      nodes_truenodeids: integers(this.#yes),
      nodes_falsenodeids: integers(this.#no),
      nodes_missing_value_tracks_true: integers(this.#missing),
      target_treeids: integers(this.#leafTrees),
      target_nodeids: integers(this.#leafNodes),
      target_ids: integers(this.#leafTargets),
      target_weights_as_tensor: doubles(this.#leafWeights),
      ...(base.length > 0 && { base_values_as_tensor: doubles(base) }),
    };
    return model.mlNode('TreeEnsembleRegressor', [input], attributes);
  }

  #push(
    tree: number,
    id: number,
    node: { mode: string; feature?: number; value?: number; yes?: number; no?: number; missing?: boolean },
  ): void {
    this.#trees.push(tree);
    this.#ids.push(id);
    this.#modes.push(node.mode);
    this.#features.push(node.feature ?? 0);
    this.#values.push(node.value ?? 0);
    this.#yes.push(node.yes ?? 0);
    this.#no.push(node.no ?? 0);
    this.#missing.push(node.missing ? 1 : 0);
  }
}
