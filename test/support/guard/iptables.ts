/** A small model of netfilter: reads what `iptables-restore --noflush` reads and decides about single packets. */
import { BlockList } from 'node:net';

export interface Packet {
  readonly hook: 'OUTPUT' | 'INPUT';
  /** Interface by which it leaves (OUTPUT) or came (INPUT). */
  readonly device: string;
  readonly protocol: string;
  readonly source: string;
  readonly destination: string;
  /** Port that it is for. */
  readonly port?: number;
  /** User of the socket that sends it; none for a socket that is closed, and for packets from elsewhere. */
  readonly user?: number;
  readonly state?: 'NEW' | 'ESTABLISHED' | 'RELATED';
  readonly direction?: 'ORIGINAL' | 'REPLY';
  /** Port that it was for before its connection was redirected. */
  readonly redirectedFrom?: number;
  readonly reset?: boolean;
  /** To a broadcast address. */
  readonly broadcast?: boolean;
}

export type Verdict = 'accepted' | 'reset' | 'unreachable';

interface Rule {
  readonly text: string;
  readonly matches: (packet: Packet) => boolean;
  readonly target: string;
}

/** Rules of each chain, in order. Build another with {@link load}. */
export type Ruleset = ReadonlyMap<string, readonly Rule[]>;

export const empty: Ruleset = new Map([
  ['INPUT', []],
  ['OUTPUT', []],
]);

/** What loading a file with `--noflush` makes of rules that are there: chains that it names are emptied first. */
export function load(before: Ruleset, text: string): Ruleset {
  const chains = new Map([...before].map(([name, rules]) => [name, [...rules]]));
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines[0] !== '*filter' || lines.at(-1) !== 'COMMIT' || !text.endsWith('\n'))
    throw new Error(`no table:\n${text}`);
  for (const line of lines.slice(1, -1)) {
    const chain = /^:(\S+) - \[0:0\]$/.exec(line)?.[1];
    if (chain !== undefined) {
      if (chain.length > 28) throw new Error(`a chain's name has 28 characters at most: ${chain}`);
      chains.set(chain, []);
      continue;
    }
    const rule = /^(-A|-I) (\S+) (.*)$/.exec(line);
    const rules = chains.get(rule?.[2] ?? '');
    if (rule === null || rules === undefined) throw new Error(`neither chain nor rule: ${line}`);
    if (rule[1] === '-A') rules.push(parseRule(rule[3] ?? ''));
    else if (rule[3]?.startsWith('1 ')) rules.unshift(parseRule(rule[3].slice(2)));
    else throw new Error(`inserted elsewhere than first: ${line}`);
  }
  for (const { target, text: rule } of [...chains.values()].flat()) {
    if (!['ACCEPT', 'RETURN', 'RESET', 'UNREACHABLE'].includes(target) && !chains.has(target)) {
      throw new Error(`no such target: ${rule}`);
    }
  }
  return chains;
}

export function decide(ruleset: Ruleset, packet: Packet): Verdict {
  return walk(ruleset, packet.hook, packet) ?? 'accepted';
}

function walk(ruleset: Ruleset, chain: string, packet: Packet): Verdict | undefined {
  for (const { matches, target } of ruleset.get(chain) ?? []) {
    if (!matches(packet)) continue;
    switch (target) {
      case 'ACCEPT':
        return 'accepted';
      case 'RETURN':
        return undefined;
      case 'RESET':
        return 'reset';
      case 'UNREACHABLE':
        return 'unreachable';
      default: {
        const verdict = walk(ruleset, target, packet);
        if (verdict !== undefined) return verdict;
      }
    }
  }
  return undefined;
}

type Match = (packet: Packet) => boolean;

function parseRule(text: string): Rule {
  const words = text.split(' ');
  const matches: Match[] = [];
  let protocol: string | undefined;
  let target: string | undefined;
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const not = word === '!';
    const flag = not ? (words.shift() ?? '') : word;
    const value = words.shift() ?? '';
    if (flag === '-m') continue;
    if (flag === '-p') protocol = value;
    if (flag === '-j') {
      target = targetOf(value, words.splice(0).join(' '), protocol);
      continue;
    }
    const match = parseMatch(flag, value, words, protocol);
    matches.push(not ? (packet) => !match(packet) : match);
  }
  if (target === undefined) throw new Error(`no target: ${text}`);
  return { text, target, matches: (packet) => matches.every((match) => match(packet)) };
}

function targetOf(name: string, options: string, protocol: string | undefined): string {
  if (name !== 'REJECT') return name;
  if (options === '') return 'UNREACHABLE';
  if (options === '--reject-with tcp-reset' && protocol === 'tcp') return 'RESET';
  throw new Error(`REJECT ${options} for protocol ${protocol}`);
}

function parseMatch(flag: string, value: string, words: string[], protocol: string | undefined): Match {
  switch (flag) {
    case '-o':
      return ({ hook, device }) => hook === 'OUTPUT' && device === value;
    case '-i':
      return ({ hook, device }) => hook === 'INPUT' && device === value;
    case '-p':
      return (packet) => packet.protocol === value;
    case '-s':
      return within(value, ({ source }) => source);
    case '-d':
      return within(value, ({ destination }) => destination);
    case '--dport':
    case '--dports': {
      // Without the protocol, a packet has no port to iptables.
      if (protocol !== 'tcp' && protocol !== 'udp') throw new Error(`${flag} without protocol`);
      const ranges = value.split(',').map((range) => range.split(':').map(Number));
      if (ranges.flat().length > 15) throw new Error(`multiport has 15 ports at most: ${value}`);
      return ({ port = -1 }) => ranges.some(([first = 0, last = first]) => port >= first && port <= last);
    }
    case '--uid-owner':
      return ({ hook, user }) => hook === 'OUTPUT' && user === Number(value);
    case '--ctstate':
      return value === 'DNAT'
        ? ({ redirectedFrom }) => redirectedFrom !== undefined
        : ({ state = 'NEW' }) => state === value;
    case '--ctdir':
      return ({ direction = 'ORIGINAL' }) => direction === value;
    case '--ctorigdstport':
      return ({ redirectedFrom, port }) => (redirectedFrom ?? port) === Number(value);
    case '--tcp-flags':
      if (value !== 'RST' || words.shift() !== 'RST') throw new Error('only RST RST is known');
      return ({ reset = false }) => reset;
    case '--dst-type':
      if (value !== 'BROADCAST') throw new Error(`unknown type ${value}`);
      return ({ broadcast = false }) => broadcast;
    default:
      throw new Error(`unknown match ${flag} ${value}`);
  }
}

function within(block: string, address: (packet: Packet) => string): Match {
  const [base = '', prefix = ''] = block.split('/');
  const family = base.includes(':') ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(base, Number(prefix), family);
  return (packet) => {
    const text = address(packet);
    if (text.includes(':') !== (family === 'ipv6')) throw new Error(`${text} among rules for ${family}`);
    return list.check(text, family);
  };
}
