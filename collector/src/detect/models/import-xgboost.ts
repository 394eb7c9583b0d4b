// Models that XGBoost saved as JSON (`Booster.save_model("model.json")`): the schema is in its documentation, "Introduction to
// Model IO". Read, and checked whole before anything is predicted.
import { z } from 'zod';
import type { Link, XgboostModel, XgboostTree } from './xgboost.ts';

type XgboostErrorCode = 'malformed' | 'unsupported';

/** A file that is no such model, or one with something that is not known here; the message names it. */
export class XgboostError extends Error {
  override readonly name = 'XgboostError';
  readonly code: XgboostErrorCode;

  constructor(code: XgboostErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const LINKS: Readonly<Record<string, Link>> = {
  'binary:logistic': 'logistic',
  'reg:logistic': 'logistic',
  'multi:softprob': 'softmax',
  'multi:softmax': 'softmax',
  'count:poisson': 'exponential',
  'reg:gamma': 'exponential',
  'reg:tweedie': 'exponential',
  'binary:logitraw': 'identity',
  'reg:squarederror': 'identity',
  'reg:pseudohubererror': 'identity',
  'reg:absoluteerror': 'identity',
  'reg:quantileerror': 'identity',
};

/** More outputs or features than this no model has that somebody trained; room is made for them before anything is read. */
const OUTPUTS_MAX = 10_000;
const FEATURES_MAX = 1_000_000;

const integers = z.array(z.number().int());
const numbers = z.array(z.number());
const treeSchema = z.object({
  left_children: integers,
  right_children: integers,
  split_indices: integers,
  split_conditions: numbers,
  default_left: z.array(z.union([z.boolean(), z.number().int().min(0).max(1)])),
  split_type: integers.optional(),
  categories: integers.optional(),
  categories_nodes: integers.optional(),
  categories_segments: integers.optional(),
  categories_sizes: integers.optional(),
  tree_param: z.object({ size_leaf_vector: z.string().optional() }),
});
const gbtreeSchema = z.object({ model: z.object({ trees: z.array(treeSchema), tree_info: integers }) });
const boosterSchema = z.discriminatedUnion('name', [
  gbtreeSchema.extend({ name: z.literal('gbtree') }),
  z.object({ name: z.literal('dart'), gbtree: gbtreeSchema, weight_drop: numbers }),
]);
const learnerSchema = z.object({
  feature_names: z.array(z.string()).optional(),
  learner_model_param: z.object({
    base_score: z.string(),
    num_class: z.string(),
    num_feature: z.string(),
    num_target: z.string().optional(),
  }),
  objective: z.object({ name: z.string() }),
  gradient_booster: z.object({ name: z.string() }).loose(),
});

/** Reads a model. Throws XgboostError. */
export function importXgboost(text: string): XgboostModel {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new XgboostError('malformed', `not JSON: ${(error as Error).message}`);
  }
  if (Array.isArray(document))
    throw new XgboostError('unsupported', 'this is a dump of trees; save_model saves a model');
  const { learner } = check(z.object({ learner: learnerSchema }), document, '');
  const { learner_model_param: parameters, objective } = learner;
  const link = Object.hasOwn(LINKS, objective.name) ? LINKS[objective.name]! : undefined;
  if (!link) throw new XgboostError('unsupported', `the objective ${objective.name} is not known`);
  const kind = learner.gradient_booster.name;
  if (kind !== 'gbtree' && kind !== 'dart')
    throw new XgboostError('unsupported', `the booster ${kind} is not of trees`);
  const booster = check(boosterSchema, learner.gradient_booster, 'learner.gradient_booster');
  const { model } = booster.name === 'dart' ? booster.gbtree : booster;
  const features = wholeNumber(parameters, 'num_feature', FEATURES_MAX);
  const targets = Math.max(1, wholeNumber(parameters, 'num_target', OUTPUTS_MAX));
  const outputs = Math.max(targets, wholeNumber(parameters, 'num_class', OUTPUTS_MAX), 1);
  const trees = model.trees.map((tree, index) => {
    const output = model.tree_info[index] ?? 0;
    if (output < 0 || output >= outputs) throw malformed(index, `adds to output ${output} of ${outputs}`);
    const weight = booster.name === 'dart' ? booster.weight_drop[index] : 1;
    if (weight === undefined) throw malformed(index, 'has no weight in weight_drop');
    return readTree(tree, { index, output, features, weight });
  });
  const base = baseOf(parameters.base_score, outputs, link);
  return { trees, features, featureNames: learner.feature_names ?? [], base, link, objective: objective.name };
}

/** The base score is saved as what would be predicted, and sums begin with what gives that. Since 3.1 it is a list. */
function baseOf(text: string, outputs: number, link: Link): Float64Array {
  const given = text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map(Number);
  const scores = given.length === 1 ? new Array<number>(outputs).fill(given[0]!) : given;
  const base = Float64Array.from(scores, (score) => {
    if (link === 'logistic') return -Math.log(1 / score - 1);
    return link === 'exponential' ? Math.log(score) : score;
  });
  if (base.length !== outputs || !base.every(Number.isFinite)) {
    throw new XgboostError('malformed', `learner.learner_model_param.base_score: ${text.slice(0, 40)}`);
  }
  return base;
}

function readTree(
  tree: z.infer<typeof treeSchema>,
  { index, output, features, weight }: { index: number; output: number; features: number; weight: number },
): XgboostTree {
  if (Number(tree.tree_param.size_leaf_vector ?? 1) > 1) {
    throw new XgboostError('unsupported', `tree ${index} has several numbers in a leaf (multi_output_tree)`);
  }
  const count = tree.left_children.length;
  const parallel = [tree.right_children, tree.split_indices, tree.split_conditions, tree.default_left];
  if (count === 0 || parallel.some(({ length }) => length !== count))
    throw malformed(index, 'has lists of other lengths');
  if (tree.split_type?.some((type) => type !== 0 && type !== 1)) {
    throw new XgboostError('unsupported', `tree ${index} has a split that is neither of numbers nor of categories`);
  }
  const read: XgboostTree = {
    output,
    lefts: Int32Array.from(tree.left_children),
    rights: Int32Array.from(tree.right_children),
    features: Int32Array.from(tree.split_indices),
    conditions: Float64Array.from(tree.split_conditions, (value) => Math.fround(value)),
    categories: readCategories(tree, index),
    defaultLeft: Uint8Array.from(tree.default_left, Number),
  };
  // Every way ends: no node is reached twice.
  let reached = 0;
  const pending = [0];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (!(node >= 0 && node < count) || ++reached > count) throw malformed(index, 'does not come to an end');
    if (read.lefts[node]! < 0) {
      read.conditions[node]! *= weight;
      continue;
    }
    const feature = read.features[node]!;
    if (feature < 0 || feature >= features) throw malformed(index, `asks for feature ${feature} of ${features}`);
    pending.push(read.lefts[node]!, read.rights[node]!);
  }
  return read;
}

function readCategories(tree: z.infer<typeof treeSchema>, index: number): Map<number, Set<number>> {
  const { categories = [], categories_nodes = [], categories_segments = [], categories_sizes = [] } = tree;
  const sets = categories_nodes.map((node, at): [number, Set<number>] => {
    const start = categories_segments[at] ?? -1;
    const size = categories_sizes[at] ?? -1;
    if (start < 0 || size < 0 || start + size > categories.length)
      throw malformed(index, 'has categories it does not name');
    return [node, new Set(categories.slice(start, start + size))];
  });
  const found = new Map(sets);
  tree.split_type?.forEach((type, node) => {
    if (type === 1 && tree.left_children[node]! >= 0 && !found.has(node))
      throw malformed(index, `names no categories of node ${node}`);
    if (type === 0) found.delete(node);
  });
  return found;
}

function wholeNumber(
  parameters: Readonly<Record<string, string | undefined>>,
  name: 'num_feature' | 'num_target' | 'num_class',
  most: number,
): number {
  const text = parameters[name] ?? '1';
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw new XgboostError('malformed', `learner.learner_model_param.${name}: ${text.slice(0, 40)}`);
}

function malformed(tree: number, what: string): XgboostError {
  return new XgboostError('malformed', `tree ${tree} ${what}`);
}

function check<T>(schema: z.ZodType<T>, value: unknown, under: string): T {
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const { path, message } = found.error.issues[0]!;
  throw new XgboostError('malformed', `${[under, ...path].filter((each) => each !== '').join('.')}: ${message}`);
}
