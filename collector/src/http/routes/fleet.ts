// What is watched and how: agents, events, rules.
import { severityName } from '@threatguard/proto';
import { type AgentsParts, getAgent, listAgents } from '../../api/agents.ts';
import type { HttpApp } from '../app.ts';
import { describeAgent, describeEvent, type SEVERITIES } from '../schemas/findings.ts';
import { guarded } from '../schemas/problem.ts';
import { agentParams, agentsAnswer, eventsAnswer, eventsBody, oneAgentAnswer, rulesAnswer } from '../schemas/threat.ts';
import type { HttpStatus } from '../status.ts';
import { isoTimeUs, spanUs } from '../times.ts';

export function fleetRoutes(
  app: HttpApp,
  { agents, rules }: { agents: AgentsParts; rules: HttpStatus['rules'] },
): void {
  const { store } = agents;

  app.get(
    '/api/threat/agents',
    {
      config: { access: 'agents:read' },
      schema: {
        tags: ['fleet'],
        summary: 'Every agent, by name',
        response: { 200: agentsAnswer, ...guarded('unavailable') },
      },
    },
    async () => ({ agents: (await listAgents(agents)).map(describeAgent) }),
  );

  app.get(
    '/api/threat/agents/:agent',
    {
      config: { access: 'agents:read' },
      schema: {
        tags: ['fleet'],
        summary: 'One agent, what it lost, and how much of its events was seen',
        params: agentParams,
        response: { 200: oneAgentAnswer, ...guarded('not_found', 'unavailable') },
      },
    },
    async (request) => {
      const found = await getAgent(agents, { agent: request.params.agent });
      const losses = (found.losses ?? []).map(({ sensor, reason, count }) => ({
        sensor: sensor ?? '',
        reason: reason ?? '',
        count: count ?? 0,
      }));
      return {
        agent: describeAgent(found.agent!),
        losses,
        observed_hour: found.observedHour ?? 1,
        observed_day: found.observedDay ?? 1,
      };
    },
  );

  app.post(
    '/api/threat/events/search',
    {
      config: { access: 'events:read', cost: 5 },
      schema: {
        tags: ['fleet'],
        summary: 'Events, the newest first',
        body: eventsBody,
        response: { 200: eventsAnswer, ...guarded('unavailable', 'timed_out') },
      },
    },
    async (request) => {
      const { filters, since, until, limit, after = '' } = request.body;
      const query = {
        filters,
        ...spanUs({ since, until }, '/body'),
      };
      const page = await store.searchEvents(query, limit, after, request.due);
      return {
        events: page.rows.map(describeEvent),
        next: page.next,
        searched_back_to: isoTimeUs(page.searchedBackToUs),
      };
    },
  );

  app.get(
    '/api/threat/rules',
    {
      config: { access: 'rules:read' },
      schema: {
        tags: ['fleet'],
        summary: 'Rules that are looked for, and those that are off',
        response: { 200: rulesAnswer, ...guarded() },
      },
    },
    () => ({
      rules: rules.rules.map(({ id, title, kind, severity, techniques, tactics }) => ({
        ...{ id, title, kind, techniques, tactics },
        severity: severityName(severity) as (typeof SEVERITIES)[number],
      })),
      problems: rules.disabled(),
    }),
  );
}
