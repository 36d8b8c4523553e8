import fc from 'fast-check';
import {
  agentConfig,
  consulSocket,
  type HostPlace,
  type HostRole,
  hostFiles,
  hostSpec,
  ingressGatewayRegistration,
  managementTokenFile,
  meshFolder,
  meshGatewayRegistration,
  readyPort,
  serviceRegistration,
  sidecarPort,
} from '../../model/hosts';
import { clusterId } from '../../model/identity';

const place = (role: HostRole, name: string = role): HostPlace => ({
  lab: 'demo',
  mesh: 'east',
  name,
  role,
  address: '10.20.0.20',
  prefix: 24,
  border: '10.20.0.1',
  datacenter: 'dc1',
  serverAddress: '10.20.0.10',
});

const roles: HostRole[] = ['server', 'mesh-gateway', 'ingress-gateway', 'service'];

describe('agentConfig', () => {
  test.each(roles)('takes API and xDS calls of %s on unix sockets only', (role) => {
    const config = agentConfig(place(role));
    expect(config.addresses).toMatchObject({
      http: expect.stringMatching(/^unix:\/\/\//),
      grpc: expect.stringMatching(/^unix:\/\/\//),
    });
    expect(config.ports).toMatchObject({ https: -1, dns: -1, serf_wan: -1 });
    expect(config.unix_sockets).toMatchObject({ mode: '0660' });
  });

  test.each(roles)('denies by default and verifies both ends of agent traffic of %s', (role) => {
    expect(agentConfig(place(role))).toMatchObject({
      acl: { enabled: true, default_policy: 'deny', enable_token_persistence: false },
      default_intention_policy: 'deny',
      tls: {
        defaults: { verify_incoming: true, verify_outgoing: true },
        internal_rpc: { verify_server_hostname: true },
      },
      peering: { enabled: true },
    });
  });

  test.each(roles)('names no key and no token of %s', (role) => {
    const config = agentConfig(place(role));
    expect(config).not.toHaveProperty('encrypt');
    expect(config).not.toHaveProperty('acl.tokens');
  });

  test('gives the server the trust domain and short leaves', () => {
    expect(agentConfig(place('server'))).toMatchObject({
      server: true,
      bootstrap_expect: 1,
      connect: { enabled: true, ca_config: { cluster_id: clusterId('demo', 'east'), leaf_cert_ttl: '1h' } },
      ports: { grpc_tls: 8503 },
    });
  });

  test.each(roles.filter((role) => role !== 'server'))('joins %s to the server and opens no gRPC port', (role) => {
    const config = agentConfig(place(role));
    expect(config).toMatchObject({ server: false, retry_join: ['10.20.0.10'], ports: { grpc_tls: -1 } });
    expect(config).not.toHaveProperty('connect.ca_config');
  });
});

describe('hostFiles', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);

  test('keeps every file of a host inside its own folder', () => {
    fc.assert(
      fc.property(name, name, name, (lab, mesh, host) => {
        const { folder, ...files } = hostFiles(lab, mesh, host);
        expect(folder.startsWith(`${meshFolder(lab, mesh)}/hosts/`)).toBe(true);
        for (const path of Object.values(files)) expect(path.startsWith(`${folder}/`)).toBe(true);
      }),
    );
  });

  test('shares no file between hosts, and none with the mesh secrets', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        fc.pre(one !== other);
        const mine = new Set<string>(Object.values(hostFiles('demo', 'east', one)));
        expect(Object.values(hostFiles('demo', 'east', other)).some((path) => mine.has(path))).toBe(false);
        expect(managementTokenFile('demo', 'east').startsWith(hostFiles('demo', 'east', one).folder)).toBe(false);
      }),
    );
  });

  test("finds the API at the server's socket", () => {
    expect(agentConfig(place('server'))).toMatchObject({
      addresses: { http: `unix://${consulSocket('demo', 'east')}` },
    });
  });
});

describe('registrations', () => {
  test('advertise a service on the address of its host and check it on loopback', () => {
    const listener = '{"name":"public_listener"}';
    const definition = serviceRegistration(place('service', 'info'), {
      service: 'info',
      port: 8080,
      health: '/healthz',
      proxyConfig: { envoy_public_listener_json: listener },
      upstreams: [{ DestinationName: 'web', LocalBindPort: 9191 }],
    });
    expect(definition).toMatchObject({
      ID: 'info',
      Address: '10.20.0.20',
      Port: 8080,
      Check: { HTTP: 'http://127.0.0.1:8080/healthz' },
      Connect: {
        SidecarService: {
          Port: sidecarPort,
          Checks: [{ HTTP: `http://127.0.0.1:${readyPort}/ready` }, { AliasService: 'info' }],
          Proxy: {
            Config: { envoy_public_listener_json: listener },
            Upstreams: [{ DestinationName: 'web', LocalBindPort: 9191 }],
          },
        },
      },
    });
  });

  test('tell peers the address at which a mesh gateway listens', () => {
    const at = { Address: '10.20.0.20', Port: 8443 };
    expect(meshGatewayRegistration(place('mesh-gateway'))).toMatchObject({
      ...at,
      Kind: 'mesh-gateway',
      TaggedAddresses: { wan: at, lan: at },
    });
  });

  test('say that an ingress gateway is one', () => {
    expect(ingressGatewayRegistration(place('ingress-gateway'))).toMatchObject({
      Name: 'ingress-gateway',
      Kind: 'ingress-gateway',
      Port: 8080,
    });
  });
});

test('hostSpec survives JSON, so that a plan can carry it', () => {
  const gateway = place('mesh-gateway');
  const spec = hostSpec(gateway, 10, [], { registration: meshGatewayRegistration(gateway) });
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  expect(spec).toMatchObject({ drainSeconds: 10, agent: agentConfig(gateway) });
});
