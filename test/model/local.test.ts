/** The address plan: everything inside its mesh's network, nothing twice. */
import * as fc from 'fast-check';
import { type Cidr, contains, overlaps, parseAddress, parseCidr } from '../../model/cidr';
import type { Lab, Mesh } from '../../model/lab';
import { hostsNetwork, kubernetesNetwork, netns, serviceHostAddress, uids } from '../../model/local';
import { labs, localMesh } from '../support/labs';

const networks = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 12, max: 20 }))
  .map(([address, prefix]): Cidr => ({ base: address - (address % 2 ** (32 - prefix)), prefix }));

function meshWith(network: Cidr): Mesh {
  return { ...localMesh, name: 'east', kind: 'consul', network, trustDomain: 'x.consul' };
}

function inside(network: Cidr, address: string): boolean {
  const value = parseAddress(address);
  return value !== undefined && contains(network, value);
}

test('a Kubernetes network has its parts inside, apart from each other', () => {
  fc.assert(
    fc.property(networks, (network) => {
      const plan = kubernetesNetwork(meshWith(network));
      for (const part of [plan.nodes, plan.pods, plan.services]) {
        expect(contains(network, part.base)).toBe(true);
        expect(part.prefix).toBeGreaterThanOrEqual(network.prefix);
      }
      expect(overlaps(plan.nodes, plan.pods)).toBe(false);
      expect(overlaps(plan.nodes, plan.services)).toBe(false);
      expect(overlaps(plan.pods, plan.services)).toBe(false);
      expect([plan.border, plan.node].every((address) => inside(plan.nodes, address))).toBe(true);
      expect(plan.border).not.toBe(plan.node);
      expect(inside(plan.services, plan.apiService)).toBe(true);
    }),
  );
});

test('hosts have addresses of their own inside one network', () => {
  fc.assert(
    fc.property(networks, (network) => {
      const mesh = meshWith(network);
      const { hosts, border, server, meshGateway, ingressGateway } = hostsNetwork(mesh);
      const services = Array.from({ length: 200 }, (_, index) => serviceHostAddress(mesh, index));
      const all = [border, server, meshGateway, ingressGateway, ...services];
      expect(new Set(all).size).toBe(all.length);
      expect(all.every((address) => inside(hosts, address))).toBe(true);
      expect(contains(network, hosts.base)).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test('the default lab is where the documents say', () => {
  const network = (text: string) => parseCidr(text) ?? { base: 0, prefix: 0 };
  expect(kubernetesNetwork(meshWith(network('10.10.0.0/16')))).toEqual({
    nodes: network('10.10.0.0/24'),
    pods: network('10.10.1.0/24'),
    services: network('10.10.192.0/18'),
    border: '10.10.0.1',
    node: '10.10.0.2',
    apiService: '10.10.192.1',
  });
  expect(hostsNetwork(meshWith(network('10.20.0.0/16')))).toMatchObject({
    border: '10.20.0.1',
    server: '10.20.0.10',
    meshGateway: '10.20.0.11',
    ingressGateway: '10.20.0.12',
  });
  expect(serviceHostAddress(meshWith(network('10.20.0.0/16')), 0)).toBe('10.20.0.20');
});

function partsOf(lab: Lab, { name, kind }: Mesh): string[] {
  if (kind === 'istio') return [name];
  const services = lab.services.filter((service) => service.mesh === name).map((service) => service.name);
  return [name, ...['server', 'mesh-gateway', 'ingress-gateway', ...services].map((host) => `${name}-${host}`)];
}

test('no two parts of a lab share a network namespace', () => {
  fc.assert(
    fc.property(labs, (lab) => {
      const all = ['border', ...lab.meshes.flatMap((mesh) => partsOf(lab, mesh))].map((part) => netns(lab.name, part));
      expect(new Set(all).size).toBe(all.length);
    }),
  );
});

test('no two programs share a user', () => {
  expect(new Set(Object.values(uids)).size).toBe(Object.values(uids).length);
});
