import {
  type CompileOptions,
  checkTaxonomy,
  compileDetection,
  OUR_EVENTS,
  placeholdersOf,
  refuseBlind,
} from './compile-detection.ts';
import { type LogSource, readLogsource, refuseMissing } from './logsource.ts';
import { ALWAYS, allOf, type Predicate } from './predicate.ts';
import { type EventRule, readIdentity } from './rule.ts';
import { RuleError } from './rule-error.ts';
import type { EventRuleDocument } from './schema.ts';

/** Compiles a Sigma rule over single events. Throws RuleError. */
export function compileEventRule(document: EventRuleDocument, options: CompileOptions = OUR_EVENTS): EventRule {
  const { condition, timeframe, ...identifiers } = document.detection;
  if (timeframe !== undefined) {
    throw new RuleError('unsupported', '"timeframe": use a correlation rule', ['detection', 'timeframe']);
  }
  checkTaxonomy(document.taxonomy, options);
  const source = readLogsource(document.logsource);
  const { verdict, blind } = compileDetection({ identifiers, condition, source, section: 'detection' }, options);
  const { taxonomy, detection } = document;
  const identity = readIdentity(document, {
    definition: { taxonomy, logsource: document.logsource, detection, ...placeholdersOf(detection, options) },
    reason: `${document.title.replaceAll(/[{}]/g, '')}: {process.command_line|file.path|event.original|source.ip}`,
    entity: ['user.name', 'process.executable', 'file.path', 'source.ip'],
  });
  if (options.ours) refuseMissing(source);
  refuseBlind(verdict, blind);
  for (const error of blind) options.warn(error);
  return {
    kind: 'event',
    ...identity,
    classes: source.classes,
    source,
    matches: allOf([sourceTest(source, options), verdict.holds]),
  };
}

function sourceTest(source: LogSource, { ours }: CompileOptions): Predicate {
  return ours && !source.activities && !source.services && !source.lines ? ALWAYS : (view) => view.isFrom(source);
}
