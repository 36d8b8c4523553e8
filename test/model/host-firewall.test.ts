import { contains, parseAddress, parseCidr } from '../../model/cidr';
import { meshHosts, serviceHost } from '../../model/consul-hosts';
import type { HostPass } from '../../model/host-firewall';
import { type HostUsers, hostUsers } from '../../model/host-users';
import { mesh, service } from '../../model/lab';
import { labOf, smallFile } from '../support/labs';

const lab = labOf({
  services: { ...smallFile.services, 'east/atlas': { port: 9090, program: 'a.js' } },
  access: [...smallFile.access, { from: 'east/info', to: 'east/atlas' }, { from: 'east/info', to: 'west/backend' }],
});
const east = mesh(lab, 'east');
const info = serviceHost(lab, service(lab, 'east/info/info'));
const atlas = serviceHost(lab, service(lab, 'east/atlas/atlas'));
const [server, meshGateway, ingress] = meshHosts(lab, east);
if (server === undefined || meshGateway === undefined || ingress === undefined) throw new Error('hosts are missing');
const hosts = { info, atlas, server, 'mesh-gateway': meshGateway, ingress };
type Host = keyof typeof hosts;

const address = (name: string) =>
  name in hosts ? hosts[name as Host].address : name === 'west' ? (mesh(lab, 'west').gateway?.address ?? '') : name;

interface Attempt {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly user?: Exclude<keyof HostUsers, 'group'>;
  readonly protocol?: 'udp';
}

/** What the two firewalls of the ends say; what is no host has none. */
function reaches({ from, to, port, user, protocol }: Attempt, without?: HostPass): boolean {
  const passesAt = (name: string, way: HostPass['way'], other: string) =>
    !(name in hosts) ||
    hosts[name as Host].firewall.some(
      (pass) =>
        pass !== without &&
        pass.way === way &&
        pass.protocol === (protocol ?? 'tcp') &&
        pass.ports.includes(port) &&
        (way === 'in' || pass.user === idOf(from, user)) &&
        (pass.other === undefined || isIn(pass.other, other)),
    );
  if (from === to) return passesAt(from, 'loopback', '127.0.0.1');
  return passesAt(from, 'out', address(to)) && passesAt(to, 'in', address(from));
}

function isIn(block: string, text: string): boolean {
  const cidr = parseCidr(block.includes('/') ? block : `${block}/32`);
  const number = parseAddress(text);
  return cidr !== undefined && number !== undefined && contains(cidr, number);
}

/** A user that a host has; each host has its own. */
function idOf(name: string, user: Attempt['user']): number | undefined {
  return user === undefined ? undefined : hostUsers(hosts[name as Host])[user];
}

const [program, agent, proxy] = ['program', 'consul', 'envoy'] as const;

const needs: Attempt[] = [
  ...(['info', 'mesh-gateway', 'ingress'] as const).flatMap((from): Attempt[] => [
    { from, to: 'server', port: 8300, user: agent },
    { from, to: 'server', port: 8301, user: agent },
    { from, to: 'server', port: 8301, user: agent, protocol: 'udp' },
    { from, to: from, port: 19001, user: agent },
  ]),
  { from: 'server', to: 'info', port: 8301, user: agent, protocol: 'udp' },
  { from: 'server', to: 'server', port: 8300, user: agent },
  { from: 'server', to: 'mesh-gateway', port: 8443, user: agent },
  { from: 'mesh-gateway', to: 'server', port: 8503, user: proxy },
  { from: 'mesh-gateway', to: 'info', port: 20000, user: proxy },
  { from: '10.10.1.5', to: 'mesh-gateway', port: 8443 },
  { from: 'mesh-gateway', to: 'west', port: 15443, user: proxy },
  { from: '10.20.0.99', to: 'ingress', port: 8080 },
  { from: 'ingress', to: 'info', port: 20000, user: proxy },
  { from: 'info', to: 'atlas', port: 20000, user: proxy },
  { from: 'info', to: 'west', port: 15443, user: proxy },
  { from: 'info', to: 'info', port: 8080, user: agent },
  { from: 'info', to: 'info', port: 8080, user: proxy },
  { from: 'info', to: 'info', port: 9191, user: program },
  { from: 'info', to: 'info', port: 9192, user: program },
  { from: 'info', to: 'atlas', port: 8301, user: agent },
  { from: 'server', to: 'info', port: 8301, user: agent },
  { from: 'server', to: 'ingress', port: 8301, user: agent },
  { from: 'server', to: 'mesh-gateway', port: 8301, user: agent },
  { from: 'ingress', to: 'mesh-gateway', port: 8301, user: agent, protocol: 'udp' },
  { from: 'mesh-gateway', to: 'ingress', port: 8301, user: agent, protocol: 'udp' },
  { from: 'server', to: 'atlas', port: 8301, user: agent, protocol: 'udp' },
];

const refused: Attempt[] = [
  ...[8300, 8301, 8500, 8501, 8502, 8503, 8600].flatMap((port): Attempt[] => [
    { from: 'info', to: 'server', port, user: program },
    { from: 'info', to: 'info', port, user: program },
    { from: '10.10.1.5', to: 'server', port },
  ]),
  ...[8301, 8503, 20000].map((port): Attempt => ({ from: 'info', to: 'server', port, user: proxy })).slice(1),
  { from: 'info', to: 'info', port: 19000, user: program },
  { from: 'info', to: 'info', port: 19001, user: program },
  { from: 'info', to: 'info', port: 20000, user: program },
  { from: 'info', to: 'info', port: 9193, user: program },
  { from: 'info', to: 'atlas', port: 20000, user: program },
  { from: 'info', to: 'atlas', port: 9090, user: proxy },
  { from: 'info', to: 'mesh-gateway', port: 8443, user: program },
  { from: 'info', to: 'mesh-gateway', port: 8443, user: proxy },
  { from: 'info', to: 'west', port: 15443, user: program },
  { from: 'info', to: 'west', port: 6443, user: proxy },
  { from: 'info', to: '169.254.169.254', port: 80, user: program },
  { from: '10.10.1.5', to: 'info', port: 20000 },
  { from: '10.10.1.5', to: 'info', port: 20300 },
  { from: 'mesh-gateway', to: 'info', port: 8080, user: proxy },
];

const text = ({ from, to, port, user }: Attempt) => `user ${user ?? 'any'} of ${from} to ${to}, port ${port}`;

test('what a mesh needs, passes', () => {
  expect(needs.filter((attempt) => !reaches(attempt)).map(text)).toEqual([]);
});

test("what nobody needs, does not: a program reaches its upstreams' ports and nothing else", () => {
  expect(refused.filter((attempt) => reaches(attempt)).map(text)).toEqual([]);
});

test("no host lets anybody out by another host's users", () => {
  for (const host of Object.values(hosts)) {
    const { group, ...own } = hostUsers(host);
    const named = host.firewall.flatMap(({ user }) => user ?? []);
    expect(named.filter((user) => !Object.values(own).includes(user))).toEqual([]);
    expect(named).not.toContain(group);
  }
});

test('without any one of them something needed does not pass', () => {
  const idle = Object.entries(hosts).flatMap(([name, { firewall }]) =>
    name === 'atlas' ? [] : firewall.filter((pass) => needs.every((attempt) => reaches(attempt, pass))),
  );
  expect(idle).toEqual([]);
});
