/**
 * The lab's networks: one namespace per mesh and a border router between them. Nothing is attached to the machine's
 * own namespace: no interface, no route, no setting of it changes, and no packet of the lab can leave the machine.
 */
import { existsSync } from 'node:fs';
import { nodePorts } from '../../model/aws';
import { formatCidr } from '../../model/cidr';
import { resolvedExports } from '../../model/exports';
import type { Lab, Mesh } from '../../model/lab';
import { hostsNetwork, kubernetesNetwork, netns } from '../../model/local';
import { localMeshes } from '../meshes';
import { run } from './exec';
import { labNamespaces } from './namespaces';

/** Bridge in a Consul mesh's namespace that its hosts are plugged into. */
export const hostsBridge = 'br0';

/**
 * The border router's interface towards a mesh; packets that cross are seen here. A mesh in a cluster has none until
 * somebody links its network to the border: they move an interface of this name into the namespace `isthmus-LAB-border`
 * and add the routes, there to the mesh's network, on its own side to the other mesh's. That may be before `up`, in a
 * namespace that they made themselves; what may pass is the lab's rules either way, and `down` removes it with the rest.
 */
export function borderInterface(lab: Lab, mesh: Mesh): string {
  return `mesh${lab.meshes.findIndex((candidate) => candidate.name === mesh.name)}`;
}

/** Makes the lab's namespaces, links, routes and firewall, or mends what is not as it should be. */
export async function raiseNetwork(lab: Lab): Promise<void> {
  const local = localMeshes(lab);
  for (const part of ['border', ...local.map((mesh) => mesh.name)]) await ensureNamespace(netns(lab.name, part));
  await setKernel(netns(lab.name, 'border'), { 'net/ipv4/ip_forward': '1' });
  for (const mesh of local) {
    if (mesh.kind === 'istio') await raiseNodeNetwork(lab, mesh);
    else await raiseHostsNetwork(lab, mesh);
  }
  await mendBorder(lab);
}

/** Drops everything at the border, open connections too. */
export async function cutBorder(lab: Lab): Promise<void> {
  await applyBorder(lab, 'cut');
}

/** Puts the border's firewall in force: only the way to each mesh gateway is open. */
export async function mendBorder(lab: Lab): Promise<void> {
  await applyBorder(lab, 'open');
}

/** Removes every namespace of a lab by its name's mark. Their links, routes and firewalls go with them. */
export async function razeNetwork(labName: string): Promise<void> {
  for (const name of labNamespaces(labName)) await run('ip', ['netns', 'delete', name]);
}

/** Makes a network namespace without IPv6 and with its loopback up, or makes a broken one anew. */
export async function ensureNamespace(name: string): Promise<void> {
  // A kill between the two halves of `ip netns add` leaves a plain file that is no namespace.
  const entered = await run('true', [], { netns: name }).catch(() => undefined);
  if (entered === undefined) {
    if (existsSync(`/run/netns/${name}`)) await run('ip', ['netns', 'delete', name]);
    await run('ip', ['netns', 'add', name]);
  }
  await setKernel(name, { 'net/ipv6/conf/all/disable_ipv6': '1', 'net/ipv6/conf/default/disable_ipv6': '1' });
  await ip(name, 'link set lo up');
}

/** Makes a link between two namespaces unless it is there. Both ends come up. */
export async function ensureLink(
  a: { readonly netns: string; readonly name: string },
  b: { readonly netns: string; readonly name: string },
): Promise<void> {
  const both = await Promise.all([hasLink(a.netns, a.name), hasLink(b.netns, b.name)]);
  if (!both.every(Boolean)) {
    if (both[0]) await ip(a.netns, `link delete ${a.name}`);
    if (both[1]) await ip(b.netns, `link delete ${b.name}`);
    await ip(a.netns, `link add ${a.name} type veth peer name ${b.name} netns ${b.netns}`);
  }
  await ip(a.netns, `link set ${a.name} up`);
  await ip(b.netns, `link set ${b.name} up`);
}

/** Runs one `ip` command in a namespace; words are separated by single spaces. */
export async function ip(namespace: string, command: string): Promise<void> {
  await run('ip', ['-n', namespace, ...command.split(' ')]);
}

/** Sets kernel parameters of a network namespace; one that the kernel doesn't have is left out. */
export async function setKernel(namespace: string, values: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(values).map(
    ([key, value]) => `[ ! -e /proc/sys/${key} ] || echo ${value} > /proc/sys/${key}`,
  );
  await run('sh', ['-ec', lines.join('\n')], { netns: namespace });
}

/**
 * The border's firewall as an nftables ruleset that replaces the former one at once. Open, it passes new connections
 * from each Istio mesh to each Consul mesh's gateway, from a Consul mesh to the federation gateway of an Istio mesh that
 * exports something to it, and the answers to them, and nothing else.
 */
export function borderRules(lab: Lab, state: 'open' | 'cut'): string {
  const all = lab.meshes.flatMap((to) => callersOf(lab, to).flatMap((from) => wayOf(lab, from, to)));
  const ways = state === 'open' ? all : [];
  const answers = state === 'open' ? ['ct state established,related counter accept'] : [];
  const lines = [...answers, ...ways.map(passRule), 'counter drop'];
  return `table inet isthmus
delete table inet isthmus
table inet isthmus {
  chain balance {
    type nat hook prerouting priority dstnat;
${indented(ways.flatMap(balanceRule))}
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
${indented(lines)}
  }
}
`;
}

function callersOf(lab: Lab, to: Mesh): Mesh[] {
  if (to.kind === 'consul') return lab.meshes.filter(({ kind }) => kind === 'istio');
  const peers = new Set(resolvedExports(lab, to).map(({ peer }) => peer.name));
  return lab.meshes.filter(({ name }) => peers.has(name));
}

/** One way across the border. */
interface Way {
  /** Where it comes in, and from which addresses. */
  readonly from: string;
  readonly to: string;
  readonly address: string;
  /** Port that the callers dial. */
  readonly port: number;
  /** Port that the gateway has on its node. */
  readonly nodePort: number;
}

function wayOf(lab: Lab, from: Mesh, to: Mesh): Way[] {
  if (to.gateway === undefined) return [];
  const { address, port } = to.gateway;
  // On AWS this is the load balancer's work.
  const balanced = to.kind === 'istio' && to.place.platform === 'local';
  const way = {
    from: `iifname "${borderInterface(lab, from)}" ip saddr ${formatCidr(from.network)}`,
    to: `oifname "${borderInterface(lab, to)}" ip daddr ${address}`,
    address,
    port,
    nodePort: balanced ? nodePorts.federationGateway : port,
  };
  return [way];
}

function balanceRule({ from, address, port, nodePort }: Way): string[] {
  if (port === nodePort) return [];
  return [`${from} ip daddr ${address} tcp dport ${port} counter dnat ip to ${address}:${nodePort}`];
}

function passRule({ from, to, port, nodePort }: Way): string {
  // The node port itself is not open: only what was dialled as the border's port comes through.
  const dialled = port === nodePort ? '' : `ct status dnat ct original proto-dst ${port} `;
  return `${from} ${to} tcp dport ${nodePort} ${dialled}ct state new counter accept`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `    ${line}`).join('\n');
}

async function applyBorder(lab: Lab, state: 'open' | 'cut'): Promise<void> {
  await run('nft', ['-f', '-'], { netns: netns(lab.name, 'border'), input: borderRules(lab, state) });
}

async function raiseNodeNetwork(lab: Lab, mesh: Mesh): Promise<void> {
  const border = netns(lab.name, 'border');
  const inside = netns(lab.name, mesh.name);
  const address = kubernetesNetwork(mesh);
  const outer = borderInterface(lab, mesh);
  await setKernel(inside, { 'net/ipv4/ip_forward': '1' });
  await ensureLink({ netns: inside, name: 'eth0' }, { netns: border, name: outer });
  await ip(inside, `address replace ${address.node}/${address.nodes.prefix} dev eth0`);
  await ip(border, `address replace ${address.border}/${address.nodes.prefix} dev ${outer}`);
  await ip(inside, `route replace default via ${address.border}`);
  await ip(border, `route replace ${formatCidr(mesh.network)} via ${address.node}`);
}

async function raiseHostsNetwork(lab: Lab, mesh: Mesh): Promise<void> {
  const border = netns(lab.name, 'border');
  const inside = netns(lab.name, mesh.name);
  const address = hostsNetwork(mesh);
  const outer = borderInterface(lab, mesh);
  if (!(await hasLink(inside, hostsBridge))) await ip(inside, `link add ${hostsBridge} type bridge`);
  await ip(inside, `link set ${hostsBridge} up`);
  await ensureLink({ netns: inside, name: 'border' }, { netns: border, name: outer });
  await ip(inside, `link set border master ${hostsBridge}`);
  await ip(border, `address replace ${address.border}/${address.hosts.prefix} dev ${outer}`);
}

async function hasLink(namespace: string, name: string): Promise<boolean> {
  const { status } = await run('ip', ['-n', namespace, 'link', 'show', 'dev', name], { allow: [0, 1] });
  return status === 0;
}
