/** On a Linux machine as root: guard beside Istio's own redirection, and beside a real Envoy that stands as Consul's does. */
import type { ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, linkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutate } from '../../../model/guard/mutate';
import { guardRules } from '../../../model/guard/rules';
import type { GuardConfig, Pod, ProxyKind } from '../../../model/guard/types';
import { run } from '../../../scripts/machine/exec';
import { onPath } from '../../../scripts/machine/packages';
import { testWith } from '../../support/binaries';
import { temporaryFolder } from '../../support/folder';
import {
  type Attempt,
  pod as at,
  dial,
  listen,
  loadRules,
  makeNamespaces,
  type Namespaces,
  network,
  removeNamespaces,
  start,
  stop,
} from '../../support/guard/namespace';
import { applyPatch } from '../../support/guard/pods';

jest.setTimeout(120_000);

const programs = ['ip', 'nsenter', 'setpriv', 'unshare', 'iptables-nft-restore', 'ip6tables-nft-restore'];
const able = process.platform === 'linux' && process.getuid?.() === 0 && programs.every(onPath);
if (!able) process.stderr.write(`skipped: guard beside real proxies (needs Linux, root, ${programs.join(', ')})\n`);
const onMachine = able ? describe : describe.skip;

const probeSources = [`${network.probe.v4}/32`, `${network.probe.v6}/128`];
const configOf = (kind: ProxyKind): GuardConfig => ({
  image: 'guard:1',
  proxies: [{ kind, images: [] }],
  probeSources,
});

/** app publishes 8080, and calls cache; its upstream in Consul's mesh is on 1234. */
const written: Pod = {
  metadata: {
    annotations: {
      'guard.isthmus.dev/allow': '[{"from": "app", "to": "cache", "port": 9000}]',
      'consul.hashicorp.com/connect-service-upstreams': 'info:1234',
    },
  },
  spec: { containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }, { name: 'cache' }] },
};
const rulesFor = (kind: ProxyKind) => guardRules(applyPatch(written, mutate(written, configOf(kind))), configOf(kind));
const [app, cache, istio, consul, stranger] = [21001, 21002, 1337, 5995, 65534].map((uid) => ({ uid }));
if (!app || !cache || !istio || !consul || !stranger) throw new Error('users');

const tcp = (host: string, port: number, localAddress?: string): Attempt => ({
  protocol: 'tcp',
  host,
  port,
  ...(localAddress === undefined ? {} : { localAddress }),
});
const answeredBy = ({ uid }: { readonly uid: number }) => `answered by ${uid}`;
const refused = 'ECONNREFUSED';

onMachine('guard in a namespace (needs Linux, root, iptables)', () => {
  const folder = temporaryFolder();
  let here: Namespaces;
  let children: ChildProcess[] = [];

  beforeEach(async () => {
    here = await makeNamespaces(`guard-p${process.pid}`);
    children = [
      await listen(here.pod, app, { tcp: [8080] }),
      await listen(here.pod, cache, { tcp: [9000] }),
      await listen(here.network, stranger, { tcp: [7777] }),
    ];
  });

  afterEach(async () => {
    for (const child of children) await stop(child);
    await removeNamespaces(here);
  });

  /** What istio-init runs, in a pod whose name server is on a loopback address. */
  async function redirectAsIstio(agent: string): Promise<void> {
    const resolver = join(folder, 'resolv.conf');
    writeFileSync(resolver, 'nameserver 127.0.0.1\n');
    const args = ['-p', '15001', '-z', '15006', '-u', '1337', '-m', 'REDIRECT', '-i', '*', '-x', '', '-b', '*'];
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    const command = [script, resolver, agent, 'istio-iptables', ...args, '-d', '15090,15021,15020'];
    const env = { ISTIO_META_DNS_CAPTURE: 'true' };
    await run('unshare', ['--mount', 'sh', '-c', ...command], { netns: here.pod, env });
  }

  testWith('pilot-agent', "Istio's redirection works on, and the proxy is closed to the app", async (agent) => {
    const istioPorts = { tcp: [15000, 15001, 15004, 15006, 15020, 15021, 15053, 15090], udp: [15053] };
    children.push(await listen(here.pod, istio, istioPorts));
    await redirectAsIstio(agent);
    const dns: Attempt[] = [{ protocol: 'udp', host: '127.0.0.1', port: 53 }, tcp('127.0.0.1', 53)];
    const own = [15000, 15004, 15020, 15021, 15090].map((port) => tcp('127.0.0.1', port));
    const direct = [...own, tcp('127.0.0.1', 15001), tcp('127.0.0.1', 15006), tcp('127.0.0.1', 15053)];
    const outbound = tcp(network.stranger.v4, 7777);

    // Without guard the app reaches the proxy and its neighbour.
    expect(await dial(here.pod, app, [...direct, tcp(at.v4, 9000)])).toEqual([
      ...direct.map(() => answeredBy(istio)),
      answeredBy(cache),
    ]);
    await loadRules(here.pod, rulesFor('istio'));

    // Calls to the network are redirected to the proxy, queries to its name server; nothing else gets there.
    expect(await dial(here.pod, app, [outbound, ...dns])).toEqual([outbound, ...dns].map(() => answeredBy(istio)));
    expect(await dial(here.pod, cache, [outbound, ...dns])).toEqual([outbound, ...dns].map(() => answeredBy(istio)));
    expect(await dial(here.pod, app, direct)).toEqual(direct.map(() => refused));
    expect(await dial(here.pod, app, [tcp('127.0.0.1', 9000), tcp(at.v4, 9000)])).toEqual([
      answeredBy(cache),
      answeredBy(cache),
    ]);
    expect(await dial(here.pod, cache, [tcp('127.0.0.1', 8080), tcp(at.v4, 8080)])).toEqual([refused, refused]);

    // The proxy: to itself, out to the network, in to the app with the source address that Envoy takes.
    expect(await dial(here.pod, istio, own)).toEqual(own.map(() => answeredBy(istio)));
    expect(await dial(here.pod, istio, [outbound, tcp(at.v4, 8080, '127.0.0.6')])).toEqual([
      answeredBy(stranger),
      answeredBy(app),
    ]);
    expect(await dial(here.pod, istio, [tcp(at.v4, 9000, '127.0.0.6')])).toEqual([refused]);
    // Without it, the pod would call its own Service, past its own policy.
    expect(await dial(here.pod, istio, [tcp(at.v4, 8080)])).toEqual([refused]);

    // From the network everything comes to the proxy, but its own ports only for probes.
    const inbound = [8080, 9000, 15000, 15001, 15006, 15020, 15021, 15090];
    const from = (localAddress: string) => inbound.map((port) => tcp(at.v4, port, localAddress));
    const proxy = answeredBy(istio);
    expect(await dial(here.network, stranger, from(network.stranger.v4))).toEqual([
      proxy,
      proxy,
      proxy,
      proxy,
      refused,
      refused,
      refused,
      refused,
    ]);
    expect(await dial(here.network, stranger, from(network.probe.v4))).toEqual([
      proxy,
      proxy,
      proxy,
      proxy,
      refused,
      proxy,
      proxy,
      refused,
    ]);

    // Why the group is refused: with it, a call is not redirected.
    expect(await dial(here.pod, { uid: 21001, gid: 1337 }, [outbound])).toEqual([answeredBy(stranger)]);
  });

  testWith(
    'envoy',
    "Consul's traffic passes a real Envoy of its user, whose admin port is closed to the app",
    async (envoy) => {
      children.push(
        await start(here.pod, consul, [runnable(envoy), ...envoyArguments()], /starting main dispatch loop/),
      );
      const admin = [tcp('127.0.0.1', 19000), tcp(at.v4, 20200), tcp('127.0.0.1', 20600)];
      const http = async (user: { readonly uid: number }, port: number) => {
        const script = `fetch('http://127.0.0.1:${port}/ready').then(async (r) => console.log(r.status, (await r.text()).trim()), (e) => console.log(e.cause.code))`;
        const args = ['--reuid', String(user.uid), '--clear-groups', process.execPath, '-e', script];
        return (await run('setpriv', args, { netns: here.pod, cwd: '/' })).stdout.trim();
      };

      expect(await http(app, 19000)).toBe('200 LIVE');
      await loadRules(here.pod, rulesFor('consul'));

      expect(await dial(here.pod, app, admin)).toEqual(admin.map(() => refused));
      expect(await http(app, 19000)).toBe(refused);
      expect(await http(consul, 19000)).toBe('200 LIVE');

      // In: the public listener hands on to the app. Out: the app's upstream, over either family of addresses.
      for (const { from, host } of [
        { from: network.stranger.v4, host: at.v4 },
        { from: network.stranger.v6, host: at.v6 },
      ]) {
        expect(await dial(here.network, stranger, [tcp(host, 20000, from)])).toEqual([answeredBy(app)]);
      }
      expect(await dial(here.pod, app, [tcp('127.0.0.1', 1234), tcp('::1', 1234)])).toEqual([
        answeredBy(stranger),
        answeredBy(stranger),
      ]);
      expect(await dial(here.pod, app, [tcp('127.0.0.1', 20000), tcp('::1', 20000), tcp('127.0.0.1', 20300)])).toEqual([
        refused,
        refused,
        refused,
      ]);
      expect(await dial(here.pod, cache, [tcp('127.0.0.1', 8080), tcp('127.0.0.1', 20000)])).toEqual([
        refused,
        refused,
      ]);

      // Metrics are closed to the network, exposed paths open to probes only.
      const ports = [20200, 20300];
      const from = (address: string) => ports.map((port) => tcp(at.v4, port, address));
      expect(await dial(here.network, stranger, from(network.stranger.v4))).toEqual([refused, refused]);
      expect(await dial(here.network, stranger, from(network.probe.v4))).toEqual([refused, answeredBy(app)]);
    },
  );

  /** Where every user may run it; the cache is often in root's home. */
  function runnable(program: string): string {
    const target = join(folder, 'envoy');
    chmodSync(folder, 0o755);
    try {
      linkSync(program, target);
    } catch {
      copyFileSync(program, target);
    }
    return target;
  }
});

/** Envoy with the listeners that Consul's proxy has: public, upstream, metrics, an exposed path, admin. */
function envoyArguments(): string[] {
  const listener = (address: string, port_value: number, cluster: string) => ({
    name: `${address}-${port_value}`,
    address: { socket_address: { address, port_value, ...(address === '::' ? { ipv4_compat: true } : {}) } },
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.tcp_proxy',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
              stat_prefix: cluster,
              cluster,
            },
          },
        ],
      },
    ],
  });
  const cluster = (name: string, address: string, port_value: number) => ({
    name,
    connect_timeout: '5s',
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address, port_value } } } }] }],
    },
  });
  const config = {
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 19000 } } },
    static_resources: {
      listeners: [
        listener('::', 20000, 'local_app'),
        listener('127.0.0.1', 1234, 'info'),
        listener('::1', 1234, 'info'),
        listener('0.0.0.0', 20200, 'self_admin'),
        listener('0.0.0.0', 20300, 'local_app'),
      ],
      clusters: [
        cluster('local_app', '127.0.0.1', 8080),
        cluster('info', network.stranger.v4, 7777),
        cluster('self_admin', '127.0.0.1', 19000),
      ],
    },
  };
  return ['--config-yaml', JSON.stringify(config), '--use-dynamic-base-id', '--concurrency', '1'];
}
