import type { Command } from './command.ts';
import { command as consoleCertificate } from './console-certificate.ts';
import { command as init } from './init.ts';
import { sealKeys, unsealKeys } from './key-files.ts';
import { command as labChangepoints } from './lab-changepoints.ts';
import { command as labClassify } from './lab-classify.ts';
import { command as labCluster } from './lab-cluster.ts';
import { command as labDecompose } from './lab-decompose.ts';
import { command as labForecast } from './lab-forecast.ts';
import { command as labPredict } from './lab-predict.ts';
import { command as labScore } from './lab-score.ts';
import { command as labSequence } from './lab-sequence.ts';
import { command as labStream } from './lab-stream.ts';
import { command as rulesCheck } from './rules-check.ts';
import { command as rulesCoverage } from './rules-coverage.ts';
import { command as rulesTest } from './rules-test.ts';
import { command as run } from './run.ts';

/** Every command by its words. Their files import what they need when they run: what runs for a moment starts at once. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  init,
  run,
  'console-certificate': consoleCertificate,
  'keys seal': sealKeys,
  'keys unseal': unsealKeys,
  'lab changepoints': labChangepoints,
  'lab classify': labClassify,
  'lab cluster': labCluster,
  'lab decompose': labDecompose,
  'lab forecast': labForecast,
  'lab predict': labPredict,
  'lab score': labScore,
  'lab sequence': labSequence,
  'lab stream': labStream,
  'rules test': rulesTest,
  'rules check': rulesCheck,
  'rules coverage': rulesCoverage,
};

/** The name of the command that `words` begin with, the longest first; undefined for none. */
export function findCommand(words: readonly string[]): string | undefined {
  for (let length = Math.min(words.length, 2); length > 0; length--) {
    const name = words.slice(0, length).join(' ');
    if (Object.hasOwn(COMMANDS, name)) return name;
  }
  return undefined;
}
