import { mesh } from '../../../model/lab';
import { egressPort, kubernetesNetwork, netns } from '../../../model/local';
import { machineForwards, outsideForwards } from '../../../scripts/machine/machine-forwards';
import { localLab } from '../../support/labs';

const lab = localLab();
const { node } = kubernetesNetwork(mesh(lab, 'west'));

it('lets in nothing but the page and the API, on the loopback', () => {
  const [forwarder, ...others] = machineForwards(lab);
  expect(others).toEqual([]);
  expect(forwarder?.listenNetns).toBeUndefined();
  expect(forwarder?.forwards.map(({ listen }) => listen)).toEqual([
    { host: '127.0.0.1', port: lab.settings.pagePort },
    { host: '127.0.0.1', port: lab.settings.apiPort },
  ]);
});

it('lets out nothing without a key', () => {
  expect(outsideForwards(lab, ['PATH'])).toEqual([
    { name: 'west-outside', listenNetns: netns('weather', 'west'), forwards: [] },
  ]);
});

it('leads from the port that the plan names to the one host of the key, dialled by this machine', () => {
  expect(outsideForwards(lab, ['OPENWEATHER_API_KEY'])).toEqual([
    {
      name: 'west-outside',
      listenNetns: netns('weather', 'west'),
      forwards: [{ listen: { host: node, port: egressPort }, dial: { host: 'api.openweathermap.org', port: 443 } }],
    },
  ]);
});

it('opens a port that two services share once', () => {
  const twice = { ...lab, services: [...lab.services, ...lab.services.map((one) => ({ ...one, id: `${one.id}2` }))] };
  expect(outsideForwards(twice, ['OPENWEATHER_API_KEY'])[0]?.forwards).toHaveLength(1);
});
