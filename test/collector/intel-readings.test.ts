// What of each form of feed becomes an indicator, and what is refused by name. Samples are written from the specifications.
import { describe, expect, it } from 'vitest';
import { normalise } from '../../collector/src/detect/intel/normalise.ts';
import { intelOf, saying, stixBundle } from '../support/intel-feeds.ts';

describe('a value', () => {
  it.each([
    ['203.0.113.7', 'address', '203.0.113.7'],
    ['203[.]0[.]113[.]7', 'address', '203.0.113.7'],
    ['::ffff:203.0.113.7', 'address', '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:1', 'address', '2001:db8::1'],
    ['203.0.113.9/32', 'address', '203.0.113.9'],
    ['203.0.113.9/24', 'network', '203.0.113.0/24'],
    ['2001:db8:1::/33', 'network', '2001:db8::/33'],
    ['::ffff:198.51.100.0/120', 'network', '198.51.100.0/24'],
    ['203.0.113.7:8443', 'endpoint', '203.0.113.7:8443'],
    ['[2001:db8::1]:443', 'endpoint', '[2001:db8::1]:443'],
    ['Evil.Example.ORG.', 'domain', 'evil.example.org'],
    ['bücher.example', 'domain', 'xn--bcher-kva.example'],
    ['evil[dot]example', 'domain', 'evil.example'],
    ['_dmarc.evil.example', 'domain', '_dmarc.evil.example'],
    ['hxxps://Evil[.]example:443/A?b=C#top', 'url', 'https://evil.example/A?b=C'],
    ['hxxp[:]//user:pw@evil.example./x', 'url', 'http://evil.example/x'],
    ['44D88612FEA8A8F36DE82E1278ABB02F', 'md5', '44d88612fea8a8f36de82e1278abb02f'],
    ['3395856ce81f2b7382dee72602f798b642f14140', 'sha1', '3395856ce81f2b7382dee72602f798b642f14140'],
    ['a'.repeat(64), 'sha256', 'a'.repeat(64)],
  ])('%s is the %s %s', (raw, kind, value) => expect(normalise(raw)).toMatchObject({ kind, value }));

  it('may stand for the names below it', () => {
    expect(normalise('*.evil.example')).toEqual({ kind: 'domain', value: 'evil.example', wildcard: true });
  });

  it.each([
    ['127.0.0.1', 'an address that is no host of a network'],
    ['0.0.0.0/0', 'a network too wide'],
    ['10.0.0.0/7', 'a network too wide'],
    ['224.0.0.251', 'an address that is no host of a network'],
    ['fe80::1', 'an address that is no host of a network'],
    ['010.1.2.3', 'not a domain'],
    ['1.2.3.4/33', 'not a network'],
    ['203.0.113.7:0', 'not a port'],
    ['evil.example:8080', 'a domain with a port'],
    ['evil.example/path', 'not an indicator'],
    ['localhost', 'a domain of one label'],
    ['-evil.example', 'not a domain'],
    ['evil..example', 'not a domain'],
    ['https://', 'not a URL'],
    ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'the digest of nothing'],
    [' ', 'empty'],
    ['a'.repeat(5_000), 'too long'],
  ])('%s is refused: %s', (raw, refused) => expect(normalise(raw)).toEqual({ refused }));
});

describe('a plain list', () => {
  it('has comments before and behind values, addresses with ports, hosts-file lines and names for ad blockers', () => {
    const { format, values, refusals } = intelOf(
      [
        '\ufeff# botnet controllers',
        '; drop list',
        '203.0.113.0/24 ; SBL0001',
        '198.51.100.7:4444  # seen 2026-11-01',
        '0.0.0.0 ads.example tracker.example # two',
        '127.0.0.1 localhost',
        '||blocked.example^',
        '*.wild.example',
        `${'b'.repeat(64)}  dropper.bin`,
        'not an indicator at all!',
        '',
      ].join('\r\n'),
    );
    expect(format).toBe('list');
    expect(values).toEqual([
      'network 203.0.113.0/24',
      'endpoint 198.51.100.7:4444',
      'domain ads.example +',
      'domain tracker.example +',
      'domain blocked.example +',
      'domain wild.example +',
      `sha256 ${'b'.repeat(64)}`,
    ]);
    expect(refusals).toEqual({ 'a domain of one label': 1 });
  });

  it('says what a value is about by the comment behind it', () => {
    expect(saying('203.0.113.0/24 ; SBL0001')).toMatchObject([{ about: 'SBL0001' }]);
  });
});

describe('CSV', () => {
  it('is read by a header in the last comment, address and port together', () => {
    const text = [
      '# "first_seen_utc","dst_ip","dst_port","malware"',
      '"2026-11-01 10:00:00","203.0.113.7","443","Loader"',
      '"2026-11-02 10:00:00","2001:db8::7","8443","Loader"',
    ].join('\n');
    const { format, values } = intelOf(text);
    expect(format).toBe('csv');
    expect(values).toEqual(['endpoint 203.0.113.7:443', 'endpoint [2001:db8::7]:8443']);
    expect(saying(text)[0]).toMatchObject({ about: 'Loader', sinceUs: Date.UTC(2026, 10, 1, 10) * 1000 });
  });

  it('is read by a mapping, by name or number, with quotes and delimiters of its own', () => {
    const text = 'Nr;Wer;Wie sicher\n1;"evil.example";90\n2;"203.0.113.7";40\n';
    const mapping = 'value=wer,confidence=3';
    expect(intelOf(text, { mapping }).values).toEqual(['domain evil.example +', 'address 203.0.113.7']);
    expect(saying(text, { mapping }).map(({ confidence }) => confidence)).toEqual([90, 40]);
  });

  it.each([
    [{ mapping: 'value=nowhere' }, /no column "nowhere"/],
    [{ mapping: 'colour=1' }, /"colour=1" is not PURPOSE=COLUMN/],
    [{ format: 'csv' as const }, /no column is known to hold the values/],
  ])('%j is refused', (options, message) => expect(() => intelOf('a,b\n1,2\n', options)).toThrow(message));

  it('refuses a row whose end is no time, rather than keep it for ever', () => {
    const { values, refusals } = intelOf('ip,expires\n203.0.113.7,soon\n203.0.113.8,2030-01-01\n');
    expect(values).toEqual(['address 203.0.113.8']);
    expect(refusals).toEqual({ 'an end that is no time': 1 });
  });
});

describe('MISP', () => {
  const attribute = (type: string, value: string, more: object = {}) => ({ type, value, to_ids: true, ...more });
  const event = (Attribute: object[], more: object = {}) => ({ Event: { info: 'A campaign', Attribute, ...more } });

  it('gives attributes of events and of their objects, with what tags say', () => {
    const document = {
      response: [
        event(
          [
            attribute('ip-dst', '203.0.113.7', { comment: 'controller' }),
            attribute('ip-dst|port', '203.0.113.8|443'),
            attribute('domain|ip', 'evil.example|203.0.113.9'),
            attribute('hostname', 'www.evil.example'),
            attribute('filename|sha256', `a.exe|${'c'.repeat(64)}`),
            attribute('domain', 'benign.example', { to_ids: false }),
            attribute('mutex', 'x'),
          ],
          {
            Tag: [{ name: 'tlp:amber' }, { name: 'misp:confidence-level="usually-confident"' }],
            Object: [
              {
                Attribute: [
                  attribute('url', 'https://evil.example/a', {
                    Tag: [
                      { name: 'tlp:red' },
                      { name: 'misp-galaxy:mitre-attack-pattern="Web Protocols - T1071.001"' },
                    ],
                  }),
                ],
              },
            ],
          },
        ),
      ],
    };
    const text = JSON.stringify(document);
    const { format, values, refusals } = intelOf(text);
    expect(format).toBe('misp');
    expect(values).toEqual([
      'address 203.0.113.7',
      'endpoint 203.0.113.8:443',
      'domain evil.example +',
      'address 203.0.113.9',
      'domain www.evil.example',
      `sha256 ${'c'.repeat(64)}`,
      'url https://evil.example/a',
    ]);
    expect(refusals).toEqual({ 'not meant for detection (to_ids is not set)': 1, 'attributes of type mutex': 1 });
    expect(saying(text)[0]).toMatchObject({ tlp: 'amber', confidence: 75, about: 'controller' });
    expect(saying(text).at(-1)).toMatchObject({ tlp: 'red', techniques: ['T1071.001'], about: 'A campaign' });
  });

  it('takes back what was deleted', () => {
    const [first] = saying(JSON.stringify(event([attribute('ip-dst', '203.0.113.7', { deleted: true })])));
    expect(first).toMatchObject({ revoked: true });
  });
});

describe('STIX', () => {
  it.each([
    ["[ipv4-addr:value = '203.0.113.7']", ['address 203.0.113.7']],
    ["[ipv4-addr:value = '203.0.113.0/24']", ['network 203.0.113.0/24']],
    ["[ipv6-addr:value ISSUBSET '2001:db8::/32']", ['network 2001:db8::/32']],
    ["[ipv4-addr:value IN ('203.0.113.7', '203.0.113.8')]", ['address 203.0.113.7', 'address 203.0.113.8']],
    [
      "[domain-name:value = 'Evil.example' OR url:value = 'http://evil.example/a']",
      ['domain evil.example', 'url http://evil.example/a'],
    ],
    [
      "[domain-name:value = 'a.example'] OR ([domain-name:value = 'b.example'])",
      ['domain a.example', 'domain b.example'],
    ],
    [`[file:hashes.'SHA-256' = '${'d'.repeat(64)}']`, [`sha256 ${'d'.repeat(64)}`]],
    [`[file:hashes.MD5 = '${'e'.repeat(32)}']`, [`md5 ${'e'.repeat(32)}`]],
    [
      `[file:hashes.MD5 = '${'e'.repeat(32)}' AND file:hashes.'SHA-256' = '${'d'.repeat(64)}']`,
      [`sha256 ${'d'.repeat(64)}`],
    ],
    ["[network-traffic:dst_ref.value = '203.0.113.7']", ['address 203.0.113.7 destination']],
    [
      "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = 443]",
      ['endpoint 203.0.113.7:443 destination'],
    ],
    [
      "[network-traffic:dst_port = 443 AND (network-traffic:dst_ref.value = '203.0.113.7' OR network-traffic:dst_ref.value = '203.0.113.8')]",
      ['endpoint 203.0.113.7:443 destination', 'endpoint 203.0.113.8:443 destination'],
    ],
    ["[network-traffic:src_ref.value = '203.0.113.7']", ['address 203.0.113.7 source']],
  ])('%s gives %j', (pattern, values) => expect(intelOf(stixBundle(pattern))).toMatchObject({ values, refusals: {} }));

  it.each([
    ["[ipv4-addr:value != '203.0.113.7']", 'patterns with !='],
    ["[ipv4-addr:value NOT = '203.0.113.7']", 'patterns with NOT'],
    ["[domain-name:value LIKE '%.evil.example']", 'patterns with LIKE'],
    ["[domain-name:value MATCHES '^a']", 'patterns with MATCHES'],
    ["[ipv4-addr:value ISSUPERSET '203.0.113.7']", 'patterns with ISSUPERSET'],
    ['[network-traffic:dst_port > 1024]', 'patterns with comparisons by size'],
    ['[EXISTS file:name]', 'patterns with EXISTS'],
    ["[ipv4-addr:value = '203.0.113.7'] FOLLOWEDBY [domain-name:value = 'evil.example']", 'patterns with FOLLOWEDBY'],
    [
      "[ipv4-addr:value = '203.0.113.7'] AND [domain-name:value = 'evil.example']",
      'patterns with AND between observations',
    ],
    ["[ipv4-addr:value = '203.0.113.7'] REPEATS 5 TIMES", 'patterns with REPEATS'],
    ["[ipv4-addr:value = '203.0.113.7'] WITHIN 5 SECONDS", 'patterns with WITHIN'],
    ["[email-addr:value = 'a@evil.example']", 'patterns about email-addr:value'],
    [
      "[ipv4-addr:value = '203.0.113.7' AND domain-name:value = 'evil.example']",
      'AND of ipv4-addr:value and domain-name:value',
    ],
    [`[file:name = 'a' AND file:hashes.MD5 = '${'e'.repeat(32)}']`, 'AND of file:name and file:hashes.MD5'],
    [
      "[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:protocols[*] = 'udp']",
      'AND of network-traffic:dst_ref.value and network-traffic:protocols[*]',
    ],
    [
      "[network-traffic:src_ref.value = '203.0.113.7' AND network-traffic:dst_port = 22]",
      'AND of network-traffic:src_ref.value and network-traffic:dst_port',
    ],
    ["[file:hashes.'SHA-512' = 'ab']", 'digests by SHA-512'],
    ["[domain-name:value ISSUBSET 'evil.example']", 'patterns about domain-name:value'],
    ["[ipv4-addr:value = '203.0.113.7'", 'a pattern that is not STIX'],
    ['', 'a pattern that is not STIX'],
    ["[domain-name:value = 'evil.example' START t'2026-01-01T00:00:00Z']", "literals of the form t'...'"],
  ])('%s is refused: %s', (pattern, reason) =>
    expect(intelOf(stixBundle(pattern))).toMatchObject({ values: [], refusals: { [reason]: 1 } }),
  );

  it('says since when and until when, how sure, how it is marked, what it is about and which techniques it stands for', () => {
    const text = stixBundle("[domain-name:value = 'evil.example']", {
      indicator: {
        name: 'Loader controller',
        confidence: 85,
        valid_from: '2026-11-01T00:00:00Z',
        valid_until: '2026-12-01T00:00:00.5Z',
        object_marking_refs: ['marking-definition--f88d31f6-486f-44da-b317-01333bde0b82'],
        kill_chain_phases: [{ kill_chain_name: 'mitre-attack', phase_name: 'command-and-control' }],
      },
      more: [
        { type: 'attack-pattern', id: 'attack-pattern--1', external_references: [{ external_id: 'T1071.004' }] },
        {
          type: 'relationship',
          relationship_type: 'indicates',
          source_ref: 'indicator--1',
          target_ref: 'attack-pattern--1',
        },
      ],
    });
    expect(saying(text)).toEqual([
      {
        kind: 'domain',
        value: 'evil.example',
        side: 'any',
        subdomains: false,
        confidence: 85,
        tlp: 'amber',
        sinceUs: Date.UTC(2026, 10, 1) * 1000,
        untilUs: Date.UTC(2026, 11, 1) * 1000 + 500_000,
        about: 'Loader controller',
        techniques: ['T1071.004'],
        tactics: ['command-and-control'],
        revoked: false,
      },
    ]);
  });

  it('has patterns in other languages, and takes what is revoked back; of several versions the newest counts', () => {
    expect(intelOf(stixBundle('rule x {}', { indicator: { pattern_type: 'yara' } })).refusals).toEqual({
      'patterns in the language yara': 1,
    });
    const text = stixBundle("[domain-name:value = 'evil.example']", {
      indicator: { modified: '2026-01-02T00:00:00Z', revoked: true },
      more: [
        {
          type: 'indicator',
          id: 'indicator--1',
          modified: '2026-01-01T00:00:00Z',
          pattern: "[domain-name:value = 'evil.example']",
        },
      ],
    });
    expect(saying(text)).toMatchObject([{ value: 'evil.example', revoked: true }]);
  });
});

describe('a feed that cannot be read', () => {
  it.each([
    ['{"type": "bundle"', /no JSON/],
    ['{}', /no objects of STIX/],
    [Buffer.from([0x1f, 0x8b, 0x08, 0xff]), /no text in UTF-8/],
  ])('%s is refused as a whole', (text, message) => expect(() => intelOf(text)).toThrow(message));
});
