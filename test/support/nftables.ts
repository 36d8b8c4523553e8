/** What the enforcer's rulesets do with the first packet of a connection: the few words of nftables that it uses. */
import { contains, parseAddress, parseCidr } from '../../model/cidr';

export interface Packet {
  readonly from: string;
  readonly to: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

type Verdict = 'accept' | 'drop' | 'return' | 'reject' | undefined;

/** Whether the packet passes a base chain, such as `forward`. */
export function passes(ruleset: string, chain: string, packet: Packet): boolean {
  const verdict = run(chainsOf(ruleset), chain, packet);
  return verdict !== 'drop' && verdict !== 'reject';
}

function chainsOf(ruleset: string): Map<string, string[]> {
  const chains = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of ruleset.split('\n').map((text) => text.trim())) {
    const [, name] = /^chain (\w+) \{$/.exec(line) ?? [];
    if (name !== undefined) {
      current = [];
      chains.set(name, current);
    } else if (line === '}') current = undefined;
    else if (line !== '' && !line.startsWith('type filter')) current?.push(line);
  }
  return chains;
}

function run(chains: Map<string, string[]>, name: string, packet: Packet): Verdict {
  for (const rule of chains.get(name) ?? []) {
    const verdict = step(chains, rule, packet);
    if (verdict === 'return') return undefined;
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

function step(chains: Map<string, string[]>, rule: string, packet: Packet): Verdict {
  const words = rule.match(/\{[^}]*\}|\S+/g) ?? [];
  for (let at = 0; at < words.length; ) {
    const [word = '', second = '', third = '', fourth = ''] = words.slice(at);
    switch (word) {
      case 'ct':
      case 'iifname':
        // The packet begins a connection, and does not come from loopback.
        return undefined;
      case 'ip': {
        const negated = third === '!=';
        const inside = isIn(negated ? fourth : third, second === 'saddr' ? packet.from : packet.to);
        if (inside === negated) return undefined;
        at += negated ? 4 : 3;
        break;
      }
      case 'tcp':
      case 'udp':
        if (word !== packet.protocol || !listOf(third).includes(String(packet.port))) return undefined;
        at += 3;
        break;
      case 'meta':
        if (third !== packet.protocol) return undefined;
        at += 3;
        break;
      case 'counter':
        at += 1;
        break;
      case 'jump':
        return run(chains, second, packet);
      case 'accept':
      case 'drop':
      case 'return':
      case 'reject':
        return word;
      default:
        throw new Error(`"${word}" in "${rule}" is not known`);
    }
  }
  return undefined;
}

function listOf(set: string): string[] {
  return set
    .replaceAll(/[{}]/g, '')
    .split(',')
    .map((item) => item.trim());
}

function isIn(set: string, address: string): boolean {
  const number = parseAddress(address) ?? Number.NaN;
  return listOf(set).some((item) => {
    const block = parseCidr(item.includes('/') ? item : `${item}/32`);
    if (block === undefined) throw new Error(`${item} is no address`);
    return contains(block, number);
  });
}
