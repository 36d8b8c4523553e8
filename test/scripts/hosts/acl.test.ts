import {
  type HostPlace,
  ingressGatewayRegistration,
  meshGatewayRegistration,
  serviceRegistration,
} from '../../../model/hosts';
import { gatewayRules, grantAgent, grantService, revokeHost } from '../../../scripts/hosts/acl';
import { ConsulApi } from '../../../scripts/hosts/consul-api';
import { type Answered, type Asked, FakeConsul } from './fake-consul';

const host: HostPlace = {
  lab: 'demo',
  mesh: 'east',
  name: 'info',
  role: 'service',
  address: '10.20.0.20',
  prefix: 24,
  border: '10.20.0.1',
  datacenter: 'dc1',
  serverAddress: '10.20.0.10',
};
const info = serviceRegistration(host, { service: 'info', port: 8080, health: '/' });

interface Stored {
  readonly AccessorID: string;
  readonly SecretID: string;
}

let consul: FakeConsul;
let api: ConsulApi;
const tokens = new Map<string, Stored>();
const policies = new Map<string, { ID: string; Name: string; Rules: string }>();

/** Consul's ACL store as far as hosts need it. */
function answer({ method, url, body }: Asked): Answered {
  const last = decodeURIComponent(url.split('/').at(-1) ?? '');
  if (url.startsWith('/v1/acl/policy')) {
    const policy = body as { Name: string; Rules: string } | undefined;
    if (policy !== undefined) policies.set(policy.Name, { ID: `id-${policy.Name}`, ...policy });
    const known = policies.get(policy?.Name ?? last);
    return known === undefined
      ? { status: 404, body: 'Requested policy does not exist: ACL not found' }
      : { body: known };
  }
  if (method === 'PUT') {
    const token = body as Stored;
    if (url === '/v1/acl/token' && tokens.has(token.AccessorID)) return { status: 500, body: 'accessor in use' };
    tokens.set(token.AccessorID, token);
    return { body: token };
  }
  const known = tokens.get(last);
  if (method === 'DELETE') tokens.delete(last);
  return known === undefined ? { status: 403, body: 'token does not exist: ACL not found' } : { body: known };
}

const writes = () => consul.asked.filter(({ method }) => method !== 'GET').map(({ method, url }) => `${method} ${url}`);

beforeEach(async () => {
  tokens.clear();
  policies.clear();
  consul = await FakeConsul.start(answer);
  api = new ConsulApi(consul.socket, 'management');
});

afterEach(() => consul.stop());

test('an agent may be its node and nothing else', async () => {
  await grantAgent(api, host, 'secret-1');
  expect([...tokens.values()]).toEqual([
    expect.objectContaining({ SecretID: 'secret-1', NodeIdentities: [{ NodeName: 'info', Datacenter: 'dc1' }] }),
  ]);
});

test('a service may be itself and nothing else', async () => {
  await grantService(api, host, info, 'secret-2');
  const [token] = [...tokens.values()];
  expect(token).toMatchObject({ ServiceIdentities: [{ ServiceName: 'info' }] });
  expect(token).not.toHaveProperty('Policies');
});

test.each([meshGatewayRegistration(host), ingressGatewayRegistration(host)])(
  '$Kind gets its own policy',
  async (definition) => {
    await grantService(api, host, definition, 'secret-2');
    expect([...tokens.values()]).toEqual([expect.objectContaining({ Policies: [{ Name: definition.Kind }] })]);
    expect([...policies.keys()]).toEqual([definition.Kind]);
  },
);

test.each(Object.entries(gatewayRules))('%s may write nothing but itself', (kind, rules) => {
  expect(rules.match(/[^\n]*write[^\n]*/g)).toEqual([`service "${kind}" { policy = "write" }`]);
});

test('granting again writes nothing', async () => {
  const gateway = meshGatewayRegistration(host);
  await grantAgent(api, host, 'secret-1');
  await grantService(api, host, gateway, 'secret-2');
  const before = writes().length;
  await grantAgent(api, host, 'secret-1');
  await grantService(api, host, gateway, 'secret-2');
  expect(writes()).toHaveLength(before);
});

test('a host that runs another service now loses the right to be the former one', async () => {
  await grantService(api, host, info, 'secret-2');
  await grantService(api, host, serviceRegistration(host, { service: 'web', port: 8080, health: '/' }), 'secret-2');
  expect([...tokens.values()]).toEqual([expect.objectContaining({ ServiceIdentities: [{ ServiceName: 'web' }] })]);
});

test('a host whose token file was lost gets a new token, and the old one ends', async () => {
  await grantAgent(api, host, 'lost');
  await grantAgent(api, host, 'new');
  expect([...tokens.values()].map((token) => token.SecretID)).toEqual(['new']);
});

test('revoking ends both tokens and may be repeated', async () => {
  await grantAgent(api, host, 'secret-1');
  await grantService(api, host, info, 'secret-2');
  await revokeHost(api, host);
  expect(tokens.size).toBe(0);
  await expect(revokeHost(api, host)).resolves.toBeUndefined();
});
