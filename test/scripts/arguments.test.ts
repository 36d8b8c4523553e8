import { meshArgument, methodArgument, pathArgument, serviceArgument } from '../../scripts/arguments';
import { UsageError } from '../../scripts/errors';
import { localLab } from '../support/labs';

const lab = localLab();

test('names that are there are taken, short or in full', () => {
  expect(meshArgument(lab, 'west').kind).toBe('istio');
  expect(serviceArgument(lab, 'east/info').id).toBe('east/info/info');
  expect(serviceArgument(lab, 'east/info/info').id).toBe('east/info/info');
  expect(methodArgument('post')).toBe('POST');
  expect(pathArgument('/places?q=a')).toBe('/places?q=a');
});

test.each<[() => unknown, string]>([
  [() => meshArgument(lab, 'wets'), 'no mesh "wets" in this lab. Allowed: west, east. Did you mean west?'],
  [() => meshArgument(lab, 'north'), 'no mesh "north" in this lab. Allowed: west, east.'],
  [
    () => serviceArgument(lab, 'east/inf'),
    'no service "east/inf" in this lab. Allowed: west/frontend, west/backend, east/info. Did you mean east/info?',
  ],
  [
    () => serviceArgument(lab, 'info'),
    'no service "info" in this lab. Allowed: west/frontend, west/backend, east/info.',
  ],
  [
    () => methodArgument('GTE'),
    'no method "GTE" in this lab. Allowed: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS. Did you mean GET?',
  ],
  [() => pathArgument('places'), 'path "places" must start with a slash, such as /places'],
])('%# what is not there is said with what is', (wrong, message) => {
  expect(wrong).toThrow(UsageError);
  expect(wrong).toThrow(new UsageError(message));
});
