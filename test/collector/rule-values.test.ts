import { describe, expect, it } from 'vitest';
import { matchesExec } from '../support/rule-text.ts';

const exec = (commandLine: string) => ({
  user: { name: 'Alice', id: 1000 },
  process: { executable: '/usr/bin/Tool', args: commandLine.split(' '), pid: 17 },
});

const selection = (item: string) => `sel:\n    ${item}\ncondition: sel`;

describe('a value of a Sigma rule', () => {
  it.each([
    ['is compared without case', "Image: '/USR/BIN/tool'", true],
    ['matches as a whole', "Image: '/usr/bin/too'", false],
    ['lets * stand for any run', "Image: '/usr/*/tool'", true],
    ['lets * stand for nothing', "Image: '/usr/bin/tool*'", true],
    ['lets ? stand for one character', "Image: '/usr/bin/t??l'", true],
    ['does not let ? stand for none', "Image: '/usr/bin/tool?'", false],
    ['finds several runs in order', "CommandLine: 'run*b*d'", true],
    ['does not find runs out of order', "CommandLine: 'run*d*b*'", false],
    ['takes an escaped * as it is', "CommandLine: 'run a\\* b c d'", false],
    ['may be one of a list', "Image: ['/bin/x', '/usr/bin/tool']", true],
    ['of a list with wildcards', "Image: ['/bin/x', '/usr/bin/*']", true],
    ['may be a number', 'ProcessId: 17', true],
    ['is absent where it is null', 'CurrentDirectory: null', true],
    ['is not absent where it is there', 'Image: null', false],
    ['is empty where it is absent', "CurrentDirectory: ''", true],
    ['names a list field by any of its entries', "process.args: 'B'", true],
    ['goes by its ECS name too', "user.name: 'alice'", true],
    ['contains', "CommandLine|contains: 'A B'", true],
    ['contains all', "CommandLine|contains|all: ['a b', 'c d']", true],
    ['does not contain all', "CommandLine|contains|all: ['a b', 'x']", false],
    ['starts with', "Image|startswith: '/USR'", true],
    ['does not start with', "Image|startswith: 'usr'", false],
    ['ends with', "Image|endswith: ['/x', '/tool']", true],
    ['does not end with', "Image|endswith: '/too'", false],
    ['keeps its case with cased', "Image|cased: '/usr/bin/tool'", false],
    ['matches its own case with cased', "Image|endswith|cased: '/Tool'", true],
    ['is a regular expression, found anywhere, in its own case', "Image|re: 'in/To+l$'", true],
    ['is a regular expression in another case', "Image|re: 'tool$'", false],
    ['is a regular expression without case', "Image|re|i: 'TOOL$'", true],
    ['exists', 'Image|exists: true', true],
    ['does not exist', 'CurrentDirectory|exists: false', true],
    ['exists against the rule', 'Image|exists: false', false],
    ['is greater', 'ProcessId|gt: 16', true],
    ['is not greater than itself', 'ProcessId|gt: 17', false],
    ['is at least', 'ProcessId|gte: 17', true],
    ['is less', 'ProcessId|lt: 17', false],
    ['is at most', 'ProcessId|lte: 17', true],
    ['has no order where it is absent', 'ParentProcessId|lt: 10', false],
    ['is different', "Image|neq: '/bin/x'", true],
    ['is not different from itself', "Image|neq: '/usr/bin/tool'", false],
  ])('%s', (_, item, expected) => {
    expect(matchesExec(selection(item), exec('run a b c d'))).toBe(expected);
  });

  it.each([
    ["CommandLine: 'a\\*b'", 'a*b', true],
    ["CommandLine: 'a\\*b'", 'axb', false],
    ["CommandLine: 'a\\?b'", 'a?b', true],
    ["CommandLine: 'a\\\\*'", 'a\\xyz', true],
    ["CommandLine: 'a\\\\*'", 'a*', false],
    ["CommandLine: 'a\\\\\\*'", 'a\\*', true],
    ["CommandLine: 'a\\b'", 'a\\b', true],
    ["CommandLine: 'a\\\\b'", 'a\\b', true],
    ["CommandLine: 'a\\\\\\\\b'", 'a\\\\b', true],
  ])('reads backslashes as the specification says: %s of %s', (item, commandLine, expected) => {
    expect(matchesExec(selection(item), exec(commandLine))).toBe(expected);
  });

  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['2001:db8::/32', '2001:db8:1::9', true],
    ['2001:db8::/32', '10.0.0.1', false],
    ['10.0.0.0/8', 'not an address', false],
  ])('of a network %s holds %s: %s', (network, address, expected) => {
    const detection = `sel:\n    threatguard.process.stdio_socket.remote_address|cidr: '${network}'\ncondition: sel`;
    const stdioSockets = [{ family: 'inet', remoteAddress: address, remotePort: 1 }];
    expect(matchesExec(detection, { process: { stdioSockets } })).toBe(expected);
  });

  it('may be a keyword anywhere in the event', () => {
    const keywords = "words:\n    - 'nothing'\n    - 'ALICE'\ncondition: words";
    expect(matchesExec(keywords, exec('run'))).toBe(true);
    expect(matchesExec("words:\n    '|all':\n        - alice\n        - run\ncondition: words", exec('run'))).toBe(
      true,
    );
    expect(matchesExec("words:\n    '|all':\n        - alice\n        - gone\ncondition: words", exec('run'))).toBe(
      false,
    );
  });

  it('of a regular expression that would ruin a backtracking engine takes no longer', () => {
    const detection = selection("CommandLine|re: '^(a+)+$'");
    expect(matchesExec(detection, exec(`${'a'.repeat(30_000)}b`))).toBe(false);
  });
});
