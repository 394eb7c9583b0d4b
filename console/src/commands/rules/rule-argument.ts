import { Args } from '@oclif/core';

/** The rule a command is about. */
export const ruleArgument = {
  id: Args.string({ required: true, description: 'Id or name of the rule, or how its id begins.' }),
};
