/** Certificates that a thief of the federation's CA could make, against info's own listener and against stock Consul. */

import { readFileSync } from 'node:fs';
import { serviceHost } from '../../model/consul-hosts';
import { hostFiles } from '../../model/hosts';
import { consulServiceIdentity } from '../../model/identity';
import { mesh, service } from '../../model/lab';
import { federationIdentity } from '../../model/planes';
import { ConsulApi, managementApi } from '../../scripts/hosts/consul-api';
import { until } from '../../scripts/machine/until';
import { succeed } from './support/cli';
import { callWithLeaf, type StolenCa, stealCa } from './support/forger';
import { openLab } from './support/labs';

const { file, lab } = openLab();
const backend = federationIdentity(lab, 'west', 'east', 'backend');
const frontend = federationIdentity(lab, 'west', 'east', 'frontend');
const web = consulServiceIdentity(mesh(lab, 'east').trustDomain, 'dc1', 'web');
let ca: StolenCa;

beforeAll(async () => {
  ca = await stealCa(lab);
  const trusted = async () => (await callWithLeaf(lab, ca, [backend])).status === 200;
  if (!(await until(trusted, { timeout: 30_000 })))
    throw new Error('info never trusted the new root of the federation');
});

test('the right certificate passes', async () => {
  expect(await callWithLeaf(lab, ca, [backend])).toEqual({ status: 200 });
});

test.each([
  ['of another service', [frontend]],
  ["with a local service's URI behind its own", [frontend, web]],
  ["with backend's URI behind another", [frontend, backend]],
  ["with another URI behind backend's", [backend, frontend]],
  ["with a local service's URI behind backend's", [backend, web]],
  ['of a trust domain that is not its own', [web]],
])('a certificate %s is refused', async (_what, uris) => {
  const { status } = await callWithLeaf(lab, ca, uris);
  expect([0, 403]).toContain(status);
});

test("stock Consul lets a local service's URI in behind another; our listener does not, and up brings it back", async () => {
  const info = service(lab, 'east/info/info');
  const { registration } = serviceHost(lab, info);
  if (registration === undefined) throw new Error('info is not registered');
  const api = managementApi(lab.name, 'east');
  const agent = new ConsulApi(
    hostFiles(lab.name, 'east', 'info').httpSocket,
    readFileSync(hostFiles(lab.name, 'east', 'info').serviceToken, 'utf8').trim(),
  );
  const entry = await api.get<{ Sources: object[] }>('/v1/config/service-intentions/info');
  await api.put('/v1/config', {
    Kind: 'service-intentions',
    Name: 'info',
    Sources: [...entry.Sources, { Name: 'web', Action: 'allow' }],
  });
  const connect = registration.Connect as { SidecarService: { Proxy: object } };
  await agent.put('/v1/agent/service/register', {
    ...registration,
    Connect: { SidecarService: { ...connect.SidecarService, Proxy: { ...connect.SidecarService.Proxy, Config: {} } } },
  });
  const posed = async () => (await callWithLeaf(lab, ca, [frontend, web])).status === 200;
  expect(await until(posed, { timeout: 20_000 })).toBe(true);
  await succeed('--config', file, 'up');
  expect(await until(async () => !(await posed()), { timeout: 20_000 })).toBe(true);
  expect(await callWithLeaf(lab, ca, [backend])).toEqual({ status: 200 });
});
