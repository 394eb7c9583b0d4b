import type { AgentSummary, GetAgentResponse } from '@threatguard/proto';
import { agentDetailPairs, lossColumns } from '../../../model/agent-detail.ts';
import { shellWord } from '../../../model/shell-words.ts';
import { renderTable } from '../../../model/table.ts';
import { age } from '../../../model/time.ts';
import type { Tone } from '../spans.ts';
import { type Act, list, page } from '../view.ts';
import { heading, said } from './page-parts.ts';
import { pivotTo } from './pivots.ts';

const REFRESH_MS = 2_000;

function stateTone({ state }: AgentSummary): Tone | undefined {
  return state === 'connected' ? 'good' : state === 'silent' ? 'bad' : 'dim';
}

/** Acts on whatever has an agent in it. */
function agentActs<Row>(agentOf: (row: Row) => AgentSummary | undefined): readonly Act<Row>[] {
  const named = (rows: readonly Row[]) => rows.flatMap((row) => agentOf(row)?.name ?? []);
  return [
    {
      key: 'K',
      label: 'new signing key',
      needs: 'keys:write',
      asks: (rows) =>
        named(rows).length > 0
          ? { kind: 'confirm', question: `have ${named(rows).join(', ')} make a new signing key?` }
          : undefined,
      run: async (source, rows) => {
        for (const name of named(rows)) await source.orderKeys(name);
        return `asked of ${named(rows).join(', ')}`;
      },
    },
    {
      key: 'X',
      label: 'revoke',
      needs: 'agents:write',
      asks: (rows) => {
        const [name, ...others] = named(rows);
        // What cannot be taken back is done to one at a time, by its name.
        if (!name || others.length > 0) return undefined;
        return { kind: 'words', question: `revoke: type the name of the agent (${name}):`, words: name };
      },
      run: async (source, rows) => {
        const [name = ''] = named(rows);
        const { streamEnded } = await source.revokeAgent(name);
        return `revoked ${name}${streamEnded ? '; its stream was ended' : ''}`;
      },
    },
  ];
}

export const agents = list<AgentSummary>({
  name: 'agents',
  aliases: ['ag', 'fleet', 'hosts'],
  summary: 'the fleet: health, lag, losses, keys',
  refreshMs: REFRESH_MS,
  command: () => 'threatguard agents list',
  rows: (source) => source.listAgents(),
  id: ({ name, id }) => name || id || '',
  columns: (look) => [
    { title: 'NAME', cell: ({ name }) => name ?? '', shrink: true },
    { title: 'GROUP', cell: ({ group }) => group ?? '', shrink: true, optional: true },
    { title: 'STATE', cell: ({ state }) => state ?? '', tone: stateTone },
    {
      title: 'SEEN',
      cell: ({ lastSeenAtUs }) => age(lastSeenAtUs, look.nowMs),
      order: ({ lastSeenAtUs }) => lastSeenAtUs ?? 0,
      align: 'right',
    },
    { title: 'EVENTS', cell: ({ events }) => String(events ?? 0), order: ({ events }) => events ?? 0, align: 'right' },
    {
      title: 'LOST',
      cell: ({ lost }) => String(lost ?? 0),
      order: ({ lost }) => lost ?? 0,
      align: 'right',
      tone: ({ lost }) => (lost ? 'medium' : undefined),
    },
    {
      title: 'SPOOL',
      cell: ({ spooledEnvelopes }) => String(spooledEnvelopes ?? 0),
      order: ({ spooledEnvelopes }) => spooledEnvelopes ?? 0,
      align: 'right',
      optional: true,
    },
    {
      title: 'EPOCH',
      cell: ({ kemEpoch }) => String(kemEpoch ?? 0),
      order: ({ kemEpoch }) => kemEpoch ?? 0,
      align: 'right',
      optional: true,
    },
    { title: 'VERSION', cell: ({ version }) => version ?? '', optional: true },
    { title: 'ADDRESS', cell: ({ address }) => address ?? '', shrink: true, optional: true },
    {
      title: 'NOT IN FULL',
      cell: ({ sensors }) =>
        (sensors ?? [])
          .filter(({ state }) => state !== 'running')
          .map(({ sensor }) => sensor)
          .join(' '),
      shrink: true,
      optional: true,
      tone: () => 'medium',
    },
  ],
  open: ({ name, id }) => ({ view: 'agent', arg: name || id || '' }),
  pivots: ({ name }) => (name ? [pivotTo('host.name', name, 'host')] : []),
  acts: agentActs((agent) => agent),
  empty: 'no agents yet; "threatguard agents token create" makes a token to enrol one',
});

export const agent = page<GetAgentResponse>({
  name: 'agent',
  aliases: [],
  summary: 'one agent: who it is, how far behind, what it lost',
  takes: 'a name or an id',
  refreshMs: REFRESH_MS,
  command: (name) => `threatguard agents show ${shellWord(name)}`,
  load: (source, name) => source.getAgent(name),
  lines: (data, look) => [
    ...agentDetailPairs(data, look).map((text) => ({
      ...said(`  ${text}`),
      value: text.replace(/^\S+(?: \S+)*? {2,}/, ''),
    })),
    ...heading('What it could not observe'),
    ...(data.losses?.length
      ? renderTable(lossColumns(look.utc), data.losses, look.columns - 2).map((text) => said(`  ${text}`))
      : [said('  it lost nothing that it knows of', 'good')]),
  ],
  pivots: ({ agent: shown }) => (shown?.name ? [pivotTo('host.name', shown.name, 'host')] : []),
  acts: agentActs(({ agent: shown }) => shown ?? undefined),
});
