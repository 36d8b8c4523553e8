import { canonicalId, mesh, service, shortId } from '../../model/lab';
import { labOf, localLab } from '../support/labs';

test.each([
  ['west/backend', 'west/backend/backend'],
  ['west/apps/backend', 'west/apps/backend'],
  ['backend', 'backend'],
])('%s is %s in full', (id, full) => {
  expect(canonicalId(id)).toBe(full);
});

test('the short id leaves out a namespace that says nothing', () => {
  const services = { 'west/apps/web': { port: 8080, program: 'a.js' }, 'west/web': { port: 8080, program: 'a.js' } };
  expect(labOf({ services, access: [] }).services.map(shortId)).toEqual(['west/apps/web', 'west/web']);
});

test('what is not there is a fault of ours, with its name', () => {
  expect(mesh(localLab(), 'west').kind).toBe('istio');
  expect(service(localLab(), 'east/info/info').port).toBe(8080);
  expect(() => mesh(localLab(), 'north')).toThrow('no mesh north in the lab');
  expect(() => service(localLab(), 'east/info')).toThrow('no service east/info in the lab');
});
