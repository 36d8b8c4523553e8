import * as fc from 'fast-check';
import {
  federationSecret,
  importHost,
  importName,
  kubeconfigFile,
  planeNamespace,
  planeVolume,
  stateFolder,
  upstreamVariable,
} from '../../model/names';
import { longestMeshName } from '../../model/reserved';
import { names } from '../support/labs';

test('are what the documents say', () => {
  expect(importHost('info', 'east')).toBe('info.east.example');
  expect(importName('info', 'east')).toBe('info-east');
  expect(federationSecret('backend', 'east')).toBe('backend-east-federation');
  expect(planeNamespace('east')).toBe('plane-east');
  expect(upstreamVariable('my-info')).toBe('MY_INFO_URL');
  expect(stateFolder('weather')).toBe('/var/lib/isthmus/weather');
  expect(kubeconfigFile('weather', 'west')).toBe('/var/lib/isthmus/weather/west/admin.kubeconfig');
  expect(planeVolume('weather', 'east')).toEqual({
    name: 'plane-east',
    path: '/var/lib/isthmus/weather/volumes/plane-east',
  });
});

test('fit what Kubernetes, Helm and DNS allow, however long their parts', () => {
  const label = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
  fc.assert(
    fc.property(names(30), names(longestMeshName), (service, peer) => {
      const releases = [federationSecret(service, peer), `import-${importName(service, peer)}`];
      for (const release of releases) expect(release.length).toBeLessThanOrEqual(53);
      for (const name of [...releases, importName(service, peer), planeNamespace(peer)]) {
        expect(name).toMatch(label);
        expect(name.length).toBeLessThanOrEqual(63);
      }
      for (const part of importHost(service, peer).split('.')) expect(part).toMatch(label);
      expect(upstreamVariable(service)).toMatch(/^[A-Z][A-Z0-9_]*$/);
    }),
    { examples: [['a'.repeat(30), 'b'.repeat(longestMeshName)]] },
  );
});
