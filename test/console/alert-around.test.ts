import { describe, expect, it } from 'vitest';
import { aroundFilters, relatedTo, treeAround } from '../../console/src/ui/dashboard/views/alert-around.ts';
import { scriptedSource } from '../support/dashboard.ts';
import { alert, NOW_US, storedEvent } from './samples.ts';

const DAY_US = 86_400_000_000;

describe('the timeline of an alert is of', () => {
  const host = { field: 'agent.id', value: 'agent-1' };

  it.each([
    [{ entity: 'source.ip=192.0.2.1' }, [{ field: 'source.ip', value: '192.0.2.1' }]],
    [
      { entity: 'user.name=root user.id=0', values: { 'user.name': 'root', 'user.id': '0' } },
      [{ field: 'user.name', value: 'root' }, { field: 'user.id', value: '0' }, host],
    ],
    [
      { entity: 'file.path=/tmp/a b=c d user.name=root', values: { 'file.path': '/tmp/a b=c d' } },
      [{ field: 'file.path', value: '/tmp/a b=c d' }, { field: 'user.name', value: 'root' }, host],
    ],
    [{ entity: 'threatguard.indicator.value=bad.example' }, [host]],
    [{ entity: '' }, [host]],
  ])('%j', (parts, filters) => {
    expect(aroundFilters({ agentId: 'agent-1', ...parts })).toEqual(filters);
  });
});

it('related alerts are those of a day before and after, not whatever was touched since', async () => {
  const subject = alert({ id: 'a', firstAtUs: NOW_US - 9 * DAY_US, lastAtUs: NOW_US - 9 * DAY_US });
  const at = (id: string, days: number) =>
    alert({ id, firstAtUs: NOW_US - days * DAY_US, lastAtUs: NOW_US - days * DAY_US, updatedAtUs: NOW_US });
  const source = scriptedSource(NOW_US / 1000, {
    listAlerts: async () => [at('today', 0), at('after', 8.5), subject, at('before', 9.5), at('long before', 11)],
  });
  expect((await relatedTo(source, subject)).map(({ id }) => id)).toEqual(['after', 'before']);
});

describe('processes around an alert', () => {
  const ran = (pid: number, parentPid: number, name: string) =>
    storedEvent({ event: { process: { pid, parentPid, args: [name], parentName: `parent ${parentPid}` } } });
  const drawn = (lines: readonly { text: string }[]) => lines.map(({ text }) => text);

  it('are the trees that hold what is meant, from their roots', () => {
    const noise = [ran(90, 9, 'date'), ran(91, 9, 'sleep')];
    const tree = treeAround([...noise, ran(2, 1, 'sh')], [ran(3, 2, 'shred')], { ascii: true });
    expect(drawn(tree)).toEqual(['1 parent 1', '`- 2 sh', '   `- 3 shred']);
  });

  it('of a tree too long to read keep what is meant, and all above it', () => {
    const many = Array.from({ length: 100 }, (_, at) => ran(at + 100, 2, 'date'));
    const tree = treeAround([ran(2, 1, 'sh'), ...many, ran(300, 2, 'bash')], [ran(301, 300, 'shred')], { ascii: true });
    expect(drawn(tree)).toEqual(['1 parent 1', '`- 2 sh', '   `- 300 bash', '      `- 301 shred']);
  });
});
