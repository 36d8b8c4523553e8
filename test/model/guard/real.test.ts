/** On a Linux machine as root: what guard's rules let pass, tried with real processes, users and connections. */
import type { ChildProcess } from 'node:child_process';
import { type Pair, parseDeclaration } from '../../../model/guard/declaration';
import { mutate } from '../../../model/guard/mutate';
import { guardRules } from '../../../model/guard/rules';
import type { GuardConfig, Pod } from '../../../model/guard/types';
import { run } from '../../../scripts/machine/exec';
import { onPath } from '../../../scripts/machine/packages';
import {
  type Attempt,
  pod as at,
  clearRules,
  dial,
  listen,
  loadRules,
  makeNamespaces,
  type Namespaces,
  network,
  removeNamespaces,
  stop,
} from '../../support/guard/namespace';
import { applyPatch } from '../../support/guard/pods';
import { passes } from '../../support/guard/reference';

jest.setTimeout(120_000);

const programs = ['ip', 'nsenter', 'setpriv', 'iptables-nft-restore', 'ip6tables-nft-restore'];
const able = process.platform === 'linux' && process.getuid?.() === 0 && programs.every(onPath);
if (!able) process.stderr.write(`skipped: guard's rules for real (needs Linux, root, ${programs.join(', ')})\n`);
const onMachine = able ? describe : describe.skip;

const probeSources = [`${network.probe.v4}/32`, `${network.probe.v6}/128`];
const config: GuardConfig = { image: 'guard:1', proxies: [{ kind: 'istio', images: [] }], probeSources };

const allow = [
  { from: 'app', to: 'cache', port: 9000 },
  { from: 'app', to: 'cache', port: 8125, protocol: 'UDP' },
  { from: 'app', to: 'app', port: 8080 },
];
const written: Pod = {
  metadata: { annotations: { 'guard.isthmus.dev/allow': JSON.stringify(allow) } },
  spec: {
    containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }, { name: 'cache' }, { name: 'other' }],
  },
};
const guarded = applyPatch(written, mutate(written, config));
const rules = guardRules(guarded, config);
const pairs: readonly Pair[] = parseDeclaration(guarded.metadata?.annotations ?? {}, guarded.spec.containers)
  .declaration.pairs;
const users = new Map(
  guarded.spec.containers.map(({ name, securityContext }) => [name, securityContext?.runAsUser ?? -1]),
);
const user = (name: string) => ({ uid: name === 'proxy' ? 1337 : (users.get(name) ?? -1) });

const ports = {
  app: { tcp: [8080, 8081] },
  cache: { tcp: [9000, 9001], udp: [8125, 8126] },
  other: { tcp: [7000], udp: [7001] },
  proxy: { tcp: [15000, 15001, 15004, 15006, 15020, 15021, 15090], udp: [15053] },
};

/** Every port, over every address by which a pod knows itself. */
const everything: readonly Attempt[] = Object.values(ports).flatMap((one: { tcp: number[]; udp?: number[] }) =>
  [
    ...one.tcp.map((port) => ({ protocol: 'tcp' as const, port })),
    ...(one.udp ?? []).map((port) => ({ protocol: 'udp' as const, port })),
  ].flatMap((attempt) => ['127.0.0.1', '::1', at.v4, at.v6, `${at.local}%eth0`].map((host) => ({ ...attempt, host }))),
);

onMachine('guard in a network namespace (needs Linux, root, iptables)', () => {
  let here: Namespaces;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    here = await makeNamespaces(`guard-${process.pid}`);
    for (const [name, wanted] of Object.entries(ports)) children.push(await listen(here.pod, user(name), wanted));
  });

  beforeEach(() => clearRules(here.pod));

  afterAll(async () => {
    for (const child of children) await stop(child);
    if (here !== undefined) await removeNamespaces(here);
  });

  const callers = ['app', 'cache', 'other', 'proxy'];

  test.each(callers)('without guard, %s reaches every port', async (name) => {
    const answers = await dial(here.pod, user(name), everything);
    expect(unanswered(everything, answers)).toEqual([]);
  });

  test.each(callers)('with guard, %s reaches what is declared, and nothing else', async (name) => {
    await loadRules(here.pod, rules);
    const answers = await dial(here.pod, user(name), everything);
    const expected = { kinds: ['istio' as const], users, pairs, published: [8080], upstreams: [], probeSources };
    const open = everything.filter(({ protocol, host, port }) =>
      passes(expected, {
        hook: 'OUTPUT',
        device: 'lo',
        source: host,
        destination: host,
        protocol,
        port,
        user: user(name).uid,
      }),
    );
    const closed = everything.filter((attempt) => !open.includes(attempt));
    expect(unanswered(everything, answers)).toEqual(closed.map(formatAttempt));
    // Refused at once: nobody waits for a time-out.
    for (const [index, attempt] of everything.entries()) {
      if (closed.includes(attempt)) expect(answers[index]).toBe(attempt.protocol === 'tcp' ? 'ECONNREFUSED' : 'EPERM');
    }
  });

  test('rules that are loaded again, as by a restarted pod, are the same', async () => {
    await loadRules(here.pod, rules);
    const once = await saved(here.pod);
    await loadRules(here.pod, rules);
    const twice = await saved(here.pod);
    expect(twice.filter((line) => line.startsWith('-A INTRAPOD'))).toEqual(
      once.filter((line) => line.startsWith('-A INTRAPOD')),
    );
    const [pair, other] = await dial(here.pod, user('app'), [
      { protocol: 'tcp', host: '127.0.0.1', port: 9000 },
      { protocol: 'tcp', host: '127.0.0.1', port: 9001 },
    ]);
    expect([pair, other]).toEqual([`answered by ${user('cache').uid}`, 'ECONNREFUSED']);
  });

  test('a file that can not be loaded whole fails, and leaves nothing behind', async () => {
    const broken = rules.v6.replace('COMMIT', '-A INTRAPOD -m nosuchmatch -j ACCEPT\nCOMMIT');
    await expect(loadRules(here.pod, { v4: rules.v4, v6: broken })).rejects.toThrow('nosuchmatch');
    const { stdout } = await run('ip6tables-save', [], { netns: here.pod });
    expect(stdout).not.toContain('INTRAPOD');
  });

  test('rules that others have set stay', async () => {
    await run('iptables', ['-A', 'OUTPUT', '-p', 'tcp', '--dport', '7', '-j', 'DROP'], { netns: here.pod });
    await loadRules(here.pod, rules);
    expect(await saved(here.pod)).toContain('-A OUTPUT -p tcp -m tcp --dport 7 -j DROP');
  });

  test('a UDP port that its owner has left gives nobody else its rights', async () => {
    const attempt: Attempt = { protocol: 'udp', host: '127.0.0.1', port: 8125, localPort: 40_123 };
    await loadRules(here.pod, rules);
    expect(await dial(here.pod, user('app'), [attempt])).toEqual([`answered by ${user('cache').uid}`]);
    expect(await dial(here.pod, user('other'), [attempt])).toEqual(['EPERM']);
    // The hole that the rule would have if it accepted both directions.
    await clearRules(here.pod);
    await loadRules(here.pod, { v4: rules.v4.replace(' --ctdir REPLY', ''), v6: rules.v6 });
    expect(await dial(here.pod, user('app'), [attempt])).toEqual([`answered by ${user('cache').uid}`]);
    expect(await dial(here.pod, user('other'), [attempt])).toEqual([`answered by ${user('cache').uid}`]);
  });

  test.each(['127.0.0.1', '::1'])(
    'nor does a TCP port, while its last connection over %s is remembered',
    async (host) => {
      const attempt: Attempt = { protocol: 'tcp', host, port: 9000, localPort: 40_124 };
      await loadRules(here.pod, rules);
      for (const _time of [1, 2]) {
        expect(await dial(here.pod, user('app'), [attempt])).toEqual([`answered by ${user('cache').uid}`]);
        expect(await dial(here.pod, user('other'), [attempt])).toEqual(['ECONNREFUSED']);
      }
    },
  );

  test.each(['10.77.0.255', '224.0.0.251', 'ff02::fb%eth0'])(
    'what is sent to %s comes to no container by a detour',
    async (host) => {
      const attempt: Attempt = { protocol: 'udp', host, port: 8125 };
      expect(await dial(here.pod, user('other'), [attempt])).toEqual([`answered by ${user('cache').uid}`]);
      await loadRules(here.pod, rules);
      expect(await dial(here.pod, user('other'), [attempt])).toEqual(['EPERM']);
    },
  );

  test('a declared UDP port on which nobody listens is said to be closed', async () => {
    const nobody = JSON.stringify([...allow, { from: 'other', to: 'cache', port: 8199, protocol: 'UDP' }]);
    const pod = { ...guarded, metadata: { annotations: { 'guard.isthmus.dev/allow': nobody } } };
    await loadRules(here.pod, guardRules(pod, config));
    const script =
      "const s=require('node:dgram').createSocket('udp4').on('error',(e)=>{console.log(e.code);process.exit()});s.connect(8199,'127.0.0.1',()=>s.send('?'));setTimeout(()=>{console.log('silence');process.exit()},1000)";
    const { stdout } = await run(
      'setpriv',
      ['--reuid', String(user('other').uid), '--clear-groups', process.execPath, '-e', script],
      { netns: here.pod, cwd: '/' },
    );
    expect(stdout.trim()).toBe('ECONNREFUSED');
  });

  test.each(['v4', 'v6'] as const)(
    'from the network over %s, the proxy’s ports are closed but to probes',
    async (family) => {
      await loadRules(here.pod, rules);
      const host = at[family];
      const from = (localAddress: string): Attempt[] => [
        ...[15000, 15004, 15006, 15020, 15021, 15090, 8080, 9000].map((port) => ({
          protocol: 'tcp' as const,
          host,
          port,
          localAddress,
        })),
      ];
      const root = { uid: 0 };
      const no = 'ECONNREFUSED';
      const proxy = 'answered by 1337';
      const [app, cache] = ['app', 'cache'].map((name) => `answered by ${user(name).uid}`);
      expect(await dial(here.network, root, from(network.stranger[family]))).toEqual([
        no,
        no,
        no,
        no,
        no,
        no,
        app,
        cache,
      ]);
      expect(await dial(here.network, root, from(network.probe[family]))).toEqual([
        no,
        no,
        no,
        proxy,
        proxy,
        no,
        app,
        cache,
      ]);
    },
  );

  test('calls from the pod to the network are as before', async () => {
    const server = await listen(here.network, { uid: 65534 }, { tcp: [7777], udp: [7778] });
    await loadRules(here.pod, rules);
    const attempts: Attempt[] = [network.probe.v4, network.probe.v6].flatMap((host) => [
      { protocol: 'tcp', host, port: 7777 },
      { protocol: 'udp', host, port: 7778 },
    ]);
    const answers = await dial(here.pod, user('other'), attempts);
    await stop(server);
    expect(answers).toEqual(attempts.map(() => 'answered by 65534'));
  });
});

function formatAttempt({ protocol, host, port }: Attempt): string {
  return `${protocol} ${host} ${port}`;
}

function unanswered(attempts: readonly Attempt[], answers: readonly string[]): string[] {
  return attempts.filter((_, index) => !answers[index]?.startsWith('answered by ')).map(formatAttempt);
}

async function saved(netns: string): Promise<string[]> {
  const { stdout } = await run('iptables-save', ['-t', 'filter'], { netns });
  return stdout.split('\n');
}
