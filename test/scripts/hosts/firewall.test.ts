import { hostRuleset } from '../../../scripts/hosts/firewall';

test('each pass is a line of its chain, and each chain ends with a refusal', () => {
  const rules = hostRuleset([
    { way: 'in', protocol: 'tcp', ports: [20000], other: '10.20.0.0/24' },
    { way: 'out', protocol: 'udp', ports: [8301], user: 5202, other: '10.20.0.10' },
    { way: 'loopback', protocol: 'tcp', ports: [9191, 9192], user: 5320 },
  ]);
  const chain = (name: string) =>
    (rules.split(`chain ${name} {`)[1] ?? '')
      .split('}\n\n')[0]
      ?.split(/\n {2}\}/)[0]
      ?.split('\n')
      .map((line) => line.trim());
  expect(chain('in')).toEqual([
    '',
    'type filter hook input priority filter; policy accept;',
    'iifname "lo" accept',
    'ct state established,related accept',
    'iifname != "lo" ip saddr 10.20.0.0/24 tcp dport { 20000 } accept',
    'counter',
    'meta l4proto tcp reject with tcp reset',
    'reject',
  ]);
  expect(chain('out')).toEqual([
    '',
    'type filter hook output priority filter; policy accept;',
    'ct state established,related accept',
    'meta skuid 0 accept',
    'oifname "lo" meta skuid 5320 tcp dport { 9191, 9192 } accept',
    'oifname != "lo" meta skuid 5202 ip daddr 10.20.0.10 udp dport { 8301 } accept',
    'counter',
    'meta l4proto tcp reject with tcp reset',
    'reject',
  ]);
});

test('it replaces what was there in one transaction', () => {
  expect(hostRuleset([])).toMatch(
    /^table inet isthmus-host\ndelete table inet isthmus-host\ntable inet isthmus-host \{/,
  );
});
