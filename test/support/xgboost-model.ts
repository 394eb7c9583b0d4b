// A model as XGBoost saves it, by its documented schema: two trees, one with a split by categories.

/** Feature 0 is a number, feature 1 a category. `changes` replaces parts of `learner`. */
export function xgboostModel(changes: Record<string, unknown> = {}) {
  return {
    version: [2, 0, 3],
    learner: {
      attributes: {},
      feature_names: ['bytes', 'verb'],
      feature_types: ['float', 'c'],
      gradient_booster: {
        name: 'gbtree',
        model: {
          gbtree_model_param: { num_parallel_tree: '1', num_trees: '2' },
          iteration_indptr: [0, 1, 2],
          tree_info: [0, 0],
          trees: [numberTree(), categoryTree()],
        },
      },
      learner_model_param: {
        base_score: '2.5E-1',
        boost_from_average: '1',
        num_class: '0',
        num_feature: '2',
        num_target: '1',
      },
      objective: { name: 'binary:logistic', reg_loss_param: { scale_pos_weight: '1' } },
      ...changes,
    },
  };
}

/** bytes < 0.5 (missing: right)? then bytes < -1 (missing: left)? -0.4 : 0.2; else 0.6. */
export function numberTree() {
  return {
    ...commonTo(5),
    left_children: [1, 3, -1, -1, -1],
    right_children: [2, 4, -1, -1, -1],
    split_indices: [0, 0, 0, 0, 0],
    split_conditions: [0.5, -1, 0.6, -0.4, 0.2],
    default_left: [0, 1, 0, 0, 0],
    split_type: [0, 0, 0, 0, 0],
    categories: [],
    categories_nodes: [],
    categories_segments: [],
    categories_sizes: [],
  };
}

/** verb among 1 and 3: right, 0.3; else, and where it is missing: left, -0.1. */
function categoryTree() {
  return {
    ...commonTo(3),
    left_children: [1, -1, -1],
    right_children: [2, -1, -1],
    split_indices: [1, 0, 0],
    split_conditions: [0, -0.1, 0.3],
    default_left: [1, 0, 0],
    split_type: [1, 0, 0],
    categories: [1, 3],
    categories_nodes: [0],
    categories_segments: [0],
    categories_sizes: [2],
  };
}

function commonTo(nodes: number) {
  const each = new Array<number>(nodes).fill(0);
  return {
    id: 0,
    base_weights: each,
    loss_changes: each,
    sum_hessian: each,
    parents: each,
    tree_param: { num_deleted: '0', num_feature: '2', num_nodes: `${nodes}`, size_leaf_vector: '1' },
  };
}
