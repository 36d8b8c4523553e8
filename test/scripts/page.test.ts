import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forwardedPort } from '../../scripts/clusters/port-forward';
import { getObjects } from '../../scripts/kubectl';
import { nodeAddress, pageAddress, pageForward, pageOutput } from '../../scripts/page';
import { temporaryFolder } from '../support/folder';
import { labOf, localLab, smallFile } from '../support/labs';
import { existingFile, kubeconfigFile } from './clusters/labs';

jest.mock('../../scripts/kubectl');

const folder = temporaryFolder();

const node = (...addresses: [type: string, address: string][]) => ({
  status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
});

test('on this machine the page is on its loopback address', async () => {
  expect(await pageAddress(localLab())).toBe('http://127.0.0.1:8080/');
  expect(pageForward(localLab())).toBeUndefined();
});

test('in a cluster it is a port of a node, or forwarded', async () => {
  jest.mocked(getObjects).mockResolvedValue([node(['InternalIP', '10.10.0.2'])]);
  const lab = labOf(kubeconfigFile);
  expect(await pageAddress(lab)).toBe('http://10.10.0.2:30080/');
  expect(pageForward(lab)).toMatch(
    /^kubectl --kubeconfig \/.*\.kube\/config --context kind-west -n istio-ingress port-forward service\/istio-ingress 8080:80$/,
  );
  jest.mocked(getObjects).mockResolvedValue([]);
  expect(await pageAddress(lab)).toBeUndefined();
});

test('on AWS it is an output of the plan, and known when the lab is up', () => {
  const checkout = folder;
  expect(() => pageOutput({ name: 'west' }, checkout)).toThrow(/the lab is not up/);
  const outputs = { pageAddress: { value: 'http://lb.example/' } };
  writeFileSync(join(checkout, 'terraform.cluster-west.tfstate'), JSON.stringify({ version: 4, outputs }));
  expect(pageOutput({ name: 'west' }, checkout)).toBe('http://lb.example/');
});

test('there is none where no service is one', async () => {
  expect(await pageAddress(labOf(existingFile))).toBeUndefined();
  const { expose: _, ...hidden } = smallFile.services['west/frontend'] as { expose: string };
  expect(await pageAddress(labOf({ services: { ...smallFile.services, 'west/frontend': hidden } }))).toBeUndefined();
});

test.each([
  [[node(['InternalIP', '10.0.0.1'], ['ExternalIP', '192.0.2.1'])], '192.0.2.1'],
  [[node(['Hostname', 'a']), node(['InternalIP', 'fd00::1'], ['InternalIP', '10.0.0.2'])], '10.0.0.2'],
  [[{ status: {} }], undefined],
])('the address of nodes %j', (nodes, address) => {
  expect(nodeAddress(nodes)).toBe(address);
});

test.each([
  ['Forwarding from 127.0.0.1:40123 -> 8501\n', 40123],
  ['warning: x\nForwarding from 127.0.0.1:1024 -> 8501\nForwarding from [::1]:1024 -> 8501', 1024],
  ['Forwarding from [::1]:40123 -> 8501', undefined],
  ['error: no pod', undefined],
])('kubectl says %j', (said, port) => {
  expect(forwardedPort(said)).toBe(port);
});
