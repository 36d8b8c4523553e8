import { type Service, service } from '../../model/lab';
import { outsideHosts } from '../../model/outside';
import { labOf, localLab, smallFile } from '../support/labs';

const key = 'OPENWEATHER_API_KEY';
const backend = (): Service => service(localLab(), 'west/backend/backend');

test('a service reaches the host of its key, through the node, only while the key is set', () => {
  expect(outsideHosts(localLab(), backend(), [])).toEqual([]);
  expect(outsideHosts(localLab(), backend(), ['PATH', key])).toEqual([
    { host: 'api.openweathermap.org', port: 443, via: { address: '10.10.0.2', port: 18443 } },
  ]);
});

test('a key that is set gives nothing to a service that does not hold it', () => {
  const frontend = service(localLab(), 'west/frontend/frontend');
  expect(outsideHosts(localLab(), frontend, [key])).toEqual([]);
});

test.each(['OTHER_KEY', 'constructor', 'toString'])('a key that we know no host for (%s) opens nothing', (variable) => {
  const services = {
    ...smallFile.services,
    'west/backend': { port: 8080, program: 'a.js', secrets: { [variable]: 'mine' } },
  };
  const lab = labOf({ services });
  expect(outsideHosts(lab, service(lab, 'west/backend/backend'), [variable])).toEqual([]);
});

test('a host of a Consul mesh reaches nothing outside', () => {
  const info = { ...service(localLab(), 'east/info/info'), secrets: { [key]: 'openweather' } };
  expect(outsideHosts(localLab(), info, [key])).toEqual([]);
});
