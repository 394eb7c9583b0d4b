import type { View } from '../view.ts';
import { agent, agents } from './agents.ts';
import { alert } from './alert.ts';
import { alerts } from './alerts.ts';
import { audit, auditEntry } from './audit.ts';
import { entities, entity } from './entities.ts';
import { about, event, events } from './events.ts';
import { except } from './except.ts';
import { exception, exceptions } from './exceptions.ts';
import { hunt, hunts } from './hunts.ts';
import { incident, incidents } from './incidents.ts';
import { indicator, indicators } from './indicators.ts';
import { keys } from './keys.ts';
import { model, models } from './models.ts';
import { overview } from './overview.ts';
import { rule, rules } from './rules.ts';

/** Every view of the dashboard. One more is one more row here: its command, completion, help and keys follow from it. */
export const VIEWS: readonly View[] = [
  overview,
  alerts,
  alert,
  except,
  exceptions,
  exception,
  incidents,
  incident,
  entities,
  entity,
  events,
  event,
  about,
  hunts,
  hunt,
  rules,
  rule,
  indicators,
  indicator,
  models,
  model,
  agents,
  agent,
  keys,
  audit,
  auditEntry,
];
