import { Args } from '@oclif/core';
import { brailleLine } from '../../model/charts/braille.ts';
import { entityRecord } from '../../model/entity.ts';
import { decayedRisk } from '../../model/risk-history.ts';
import { renderPairs } from '../../model/table.ts';
import { humanTime, isoTime } from '../../model/time.ts';
import { ConsoleCommand, describe, oneOf } from '../console-command.ts';
import { isUtf8 } from '../locale.ts';

const KINDS = ['host', 'user', 'process', 'address'] as const;
const WEEK_US = 7 * 86_400_000_000;
const CHART_COLUMNS_MAX = 100;
const CHART_ROWS = 5;

export class EntitiesShow extends ConsoleCommand {
  static override summary = 'Show one entity: its risk, why, and how it went over a week.';
  static override description = describe('An account that every host has of its own is named with it: root@web-1.');
  static override examples = [
    '<%= config.bin %> entities show user root@web-1',
    '<%= config.bin %> entities show address 192.0.2.1 --output json',
  ];
  static override args = {
    kind: Args.string({ required: true, description: `One of ${KINDS.join(', ')}.` }),
    name: Args.string({ required: true, description: 'As "entities list" shows it.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EntitiesShow);
    const output = this.outputFor(flags);
    const kind = oneOf('kind', KINDS, args.kind);
    const { client } = await this.connect(flags);
    using _ = client;
    const { entity, history, halfLifeUs } = await client.getEntity({ name: { kind, name: args.name } });
    const points = history ?? [];
    const record = {
      ...entityRecord(entity ?? {}),
      history: points.map(({ atUs, risk }) => ({ at: isoTime(atUs), risk: Math.round((risk ?? 0) * 10) / 10 })),
    };
    output.show(record, () => {
      const columns = Math.min(CHART_COLUMNS_MAX, output.columns ?? CHART_COLUMNS_MAX);
      const toUs = Date.now() * 1000;
      const values = decayedRisk(points, {
        fromUs: toUs - WEEK_US,
        toUs,
        samples: columns * 2,
        halfLifeUs: halfLifeUs || 1,
      });
      const ascii = !isUtf8(this.invocation.env);
      return [
        ...renderPairs([
          [kind, args.name],
          ['risk', (entity?.risk ?? 0).toFixed(0)],
          ['first seen', humanTime(entity?.firstSeenAtUs, output.utc)],
          ['last seen', humanTime(entity?.lastSeenAtUs, output.utc)],
          ...(entity?.reasons ?? []).map(
            ({ title, contribution, alertId }) =>
              ['because of', `${(contribution ?? 0).toFixed(0)} ${title ?? ''} (${alertId ?? ''})`] as const,
          ),
        ]),
        '',
        'risk over 7 days, 0 to 100',
        ...brailleLine(values, { columns, rows: CHART_ROWS, max: 100, ascii }),
      ];
    });
  }
}
