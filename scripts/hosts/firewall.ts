/** A host's firewall: the spec's list as an nftables ruleset in the host's own namespace. */
import type { HostPass } from '../../model/host-firewall';
import type { HostSpec } from '../../model/hosts';
import { run } from '../machine/exec';
import { hostNetns } from './namespace';

/** Name of the table. */
export const hostFirewallTable = 'isthmus-host';

/** Puts the spec's firewall in force; the former one goes at the same moment. */
export async function ensureFirewall(host: HostSpec): Promise<void> {
  await run('nft', ['-f', '-'], { netns: hostNetns(host), input: hostRuleset(host.firewall) });
}

/** What nothing names is refused at once, so that whoever tried knows. */
export function hostRuleset(passes: readonly HostPass[]): string {
  const lines = (way: HostPass['way']) => passes.filter((pass) => pass.way === way).map(line);
  const refuse = ['counter', 'meta l4proto tcp reject with tcp reset', 'reject'];
  const chain = (name: string, hook: string, rules: readonly string[]) =>
    [
      `  chain ${name} {`,
      `    type filter hook ${hook} priority filter; policy accept;`,
      ...rules.map((rule) => `    ${rule}`),
      '  }',
    ].join('\n');
  const answers = 'ct state established,related accept';
  return `table inet ${hostFirewallTable}
delete table inet ${hostFirewallTable}
table inet ${hostFirewallTable} {
${chain('in', 'input', ['iifname "lo" accept', answers, ...lines('in'), ...refuse])}
${chain('out', 'output', [
  answers,
  // Whoever keeps the machine looks after it from inside.
  'meta skuid 0 accept',
  ...lines('loopback'),
  ...lines('out'),
  ...refuse,
])}
}
`;
}

function line({ way, protocol, ports, user, other }: HostPass): string {
  const device = { in: 'iifname != "lo"', out: 'oifname != "lo"', loopback: 'oifname "lo"' }[way];
  const who = user === undefined ? '' : ` meta skuid ${user}`;
  const peer = other === undefined ? '' : ` ip ${way === 'in' ? 'saddr' : 'daddr'} ${other}`;
  return `${device}${who}${peer} ${protocol} dport { ${ports.join(', ')} } accept`;
}
