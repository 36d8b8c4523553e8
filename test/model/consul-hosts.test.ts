import * as fc from 'fast-check';
import { publicListener } from '../../model/access/envoy';
import { meshHosts, programEnvironment, serviceHost } from '../../model/consul-hosts';
import { sidecarPort } from '../../model/hosts';
import { mesh, service } from '../../model/lab';
import { labOf, labs, localLab, smallFile } from '../support/labs';

const own = { port: 8080, program: 'a.js' };
const local = labOf({
  services: { ...smallFile.services, 'east/web': { ...own, env: { MODE: 'x' } }, 'east/store': own },
  access: [
    ...smallFile.access,
    { from: 'east/web', to: 'east/store' },
    { from: 'east/web', to: 'east/info', methods: ['GET'] },
    { from: 'east/web', to: 'west/backend', paths: ['/healthz'] },
  ],
});

interface Registration {
  readonly Connect: { readonly SidecarService: { readonly Port: number; readonly Proxy: Proxy } };
}
interface Proxy {
  readonly Config: { readonly envoy_public_listener_json: string };
  readonly Upstreams: readonly unknown[];
}
const proxyOf = (of: ReturnType<typeof serviceHost>) =>
  (of.registration as unknown as Registration).Connect.SidecarService.Proxy;

test('a Consul mesh has a server and two gateways, each on a host of its own', () => {
  const lab = localLab();
  const hosts = meshHosts(lab, mesh(lab, 'east'));
  expect(hosts.map(({ name, role, address, registration }) => [name, role, address, registration?.Kind])).toEqual([
    ['server', 'server', '10.20.0.10', undefined],
    ['mesh-gateway', 'mesh-gateway', '10.20.0.11', 'mesh-gateway'],
    ['ingress-gateway', 'ingress-gateway', '10.20.0.12', 'ingress-gateway'],
  ]);
  for (const host of hosts) {
    expect(host).toMatchObject({ lab: 'weather', mesh: 'east', border: '10.20.0.1', prefix: 24, drainSeconds: 10 });
    expect(host).toMatchObject({ datacenter: 'dc1', serverAddress: '10.20.0.10' });
  }
});

test('a service has a host of its own, with the public listener of its address', () => {
  const info = service(local, 'east/info/info');
  const host = serviceHost(local, info);
  expect(host).toMatchObject({ name: 'info', role: 'service', address: '10.20.0.20' });
  expect(serviceHost(local, service(local, 'east/store/store')).address).toBe('10.20.0.22');
  expect(JSON.parse(proxyOf(host).Config.envoy_public_listener_json)).toEqual(
    publicListener(local, info, '10.20.0.20', sidecarPort),
  );
});

test('a service may dial what the table lets it call, in its mesh and across the border, on a port of its own for each', () => {
  const web = service(local, 'east/web/web');
  expect(proxyOf(serviceHost(local, web)).Upstreams).toEqual([
    { DestinationName: 'store', LocalBindPort: 9191 },
    { DestinationName: 'info', LocalBindPort: 9192 },
    { DestinationName: 'backend', DestinationPeer: 'west', LocalBindPort: 9193 },
  ]);
  expect(programEnvironment(local, web)).toEqual({
    HOST: '127.0.0.1',
    PORT: '8080',
    MESH: 'east',
    MESH_KIND: 'consul',
    STORE_URL: 'http://127.0.0.1:9191',
    INFO_URL: 'http://127.0.0.1:9192',
    BACKEND_URL: 'http://127.0.0.1:9193',
    MODE: 'x',
  });
  expect(proxyOf(serviceHost(local, service(local, 'east/info/info'))).Upstreams).toEqual([]);
});

test('a program on a host listens on its loopback address only, whatever its environment', () => {
  fc.assert(
    fc.property(labs, (lab) => {
      for (const one of lab.services.filter(({ mesh: of }) => mesh(lab, of).kind === 'consul')) {
        expect(programEnvironment(lab, one)).toMatchObject({ ...one.env, HOST: '127.0.0.1', PORT: String(one.port) });
      }
    }),
  );
});

test('no two hosts of a mesh share a name or an address', () => {
  fc.assert(
    fc.property(labs, (lab) => {
      for (const one of lab.meshes.filter(({ kind }) => kind === 'consul')) {
        const services = lab.services
          .filter((entry) => entry.mesh === one.name)
          .map((entry) => serviceHost(lab, entry));
        const all = [...meshHosts(lab, one), ...services];
        expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
        expect(new Set(all.map(({ address }) => address)).size).toBe(all.length);
      }
    }),
  );
});

test('no host holds a key or a token, only the names of their files', () => {
  const all = [...meshHosts(local, mesh(local, 'east')), serviceHost(local, service(local, 'east/info/info'))];
  for (const { agent } of all) {
    expect(agent).not.toHaveProperty('encrypt');
    expect(agent.acl).not.toHaveProperty('tokens');
    expect(JSON.stringify(agent)).not.toContain('-----BEGIN');
  }
});
