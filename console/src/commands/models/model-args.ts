import { Args } from '@oclif/core';
import { wholeNumber } from '../console-command.ts';

export const modelArgs = {
  name: Args.string({ required: true, description: 'Name of a model; "models list" shows them.' }),
};

const VERSION_MAX = 1_000_000;

/** 0 where none is named. */
export function readVersion(text: string | undefined): number {
  return text === undefined ? 0 : wholeNumber('version', text, { min: 1, max: VERSION_MAX });
}
