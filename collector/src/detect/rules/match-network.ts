import { BlockList, isIP } from 'node:net';
import type { TextTest } from './pattern.ts';
import { RuleError } from './rule-error.ts';

/** A test for addresses within a network; IPv4 addresses mapped into IPv6 are IPv4. Throws RuleError `schema`. */
export function compileNetwork(network: string): TextTest {
  const [address = '', prefix, rest] = network.split('/');
  const family = isIP(address);
  const bits = Number(prefix);
  if (!family || rest !== undefined || !/^\d{1,3}$/.test(prefix ?? '') || bits > (family === 4 ? 32 : 128)) {
    throw new RuleError('schema', `"${network}" is not a network such as 10.0.0.0/8`);
  }
  const list = new BlockList();
  list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  return (text) => {
    const [bare = ''] = text.split('%', 1);
    const address = /^::ffff:/i.test(bare) && isIP(bare.slice(7)) === 4 ? bare.slice(7) : bare;
    const kind = isIP(address);
    return kind !== 0 && list.check(address, kind === 4 ? 'ipv4' : 'ipv6');
  };
}
