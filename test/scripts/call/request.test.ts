/** What is asked of whom, before anything is sent. */
import { service } from '../../../model/lab';
import { send, urlOf } from '../../../scripts/call/request';
import { localLab } from '../../support/labs';

const lab = localLab();
const info = service(lab, 'east/info/info');
const backend = service(lab, 'west/backend/backend');
const frontend = service(lab, 'west/frontend/frontend');

test('a call for which the sidecar has no port is an answer like any other that did not come', async () => {
  const request = { from: info, to: frontend, method: 'GET', path: '/', id: 'one' };
  expect(await send(lab, request)).toEqual({
    status: 0,
    ms: 0,
    error: "east/info's sidecar has no upstream west/frontend",
  });
});

test('addresses are those of the caller: a port of its sidecar in Consul, a host in Istio', () => {
  expect(urlOf(lab, info, backend)).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(urlOf(lab, frontend, backend)).toBe('http://backend.backend.svc.cluster.local');
  expect(() => urlOf(lab, info, frontend)).toThrow("east/info's sidecar has no upstream west/frontend");
});
