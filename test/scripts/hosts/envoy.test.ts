import { ingressGatewayRegistration, serviceRegistration } from '../../../model/hosts';
import { hardened } from '../../../scripts/hosts/envoy';
import { bridgePort, hostNetns } from '../../../scripts/hosts/namespace';
import { proxyId } from '../../../scripts/hosts/registration';

const socketAddress = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

/** The parts of `consul connect envoy -bootstrap` that matter here. */
const bootstrap = JSON.stringify({
  admin: { access_log: [{ name: 'file' }], address: socketAddress(19000) },
  node: { id: 'info-sidecar-proxy' },
  static_resources: {
    clusters: [
      { name: 'self_admin', endpoints: [{ endpoint: { address: socketAddress(19000) } }] },
      { name: 'local_agent', endpoints: [{ endpoint: { address: { pipe: { path: '/grpc.sock' } } } }] },
    ],
    listeners: [{ name: 'envoy_ready_listener', address: socketAddress(19001) }],
  },
});

describe('hardened', () => {
  const config = JSON.parse(hardened(bootstrap, '/run/admin.sock'));

  test("puts the admin interface on a socket of Envoy's own user, without an access log of checks", () => {
    expect(config.admin).toEqual({ address: { pipe: { path: '/run/admin.sock', mode: 0o600 } } });
  });

  test('lets the ready listener find it there and leaves every other address alone', () => {
    const [admin, agent] = config.static_resources.clusters;
    expect(admin.endpoints[0].endpoint.address).toEqual({ pipe: { path: '/run/admin.sock' } });
    expect(agent.endpoints[0].endpoint.address).toEqual({ pipe: { path: '/grpc.sock' } });
    expect(config.static_resources.listeners[0].address).toEqual(socketAddress(19001));
    expect(config.node).toEqual({ id: 'info-sidecar-proxy' });
  });

  test('limits connections', () => {
    expect(config.overload_manager.resource_monitors[0].typed_config.max_active_downstream_connections).toBe(10_000);
  });
});

test('Envoy runs a gateway as itself and a service as its sidecar', () => {
  const host = { address: '10.20.0.20' };
  expect(proxyId(serviceRegistration(host, { service: 'info', port: 1, health: '/' }))).toBe('info-sidecar-proxy');
  expect(proxyId(ingressGatewayRegistration(host))).toBe('ingress-gateway');
});

test('interface names fit the kernel, however long the name of the host', () => {
  expect(bridgePort('a'.repeat(63)).length).toBeLessThanOrEqual(15);
  expect(bridgePort('info')).not.toBe(bridgePort('web'));
  expect(hostNetns({ lab: 'demo', mesh: 'east', name: 'info' })).toBe('isthmus-demo-east-info');
});
