import { parseLab } from '../../model/parse';
import { smallFile } from '../support/labs';

const shared = {
  ...smallFile,
  services: {
    'west/apps/web': { port: 8080, program: 'weather/frontend' },
    'west/apps/api': { port: 8080, program: 'weather/backend' },
    'east/info': { port: 8080, program: 'weather/info' },
  },
};

test('a consumer of another mesh has its namespace for itself', () => {
  const { faults } = parseLab(JSON.stringify({ ...shared, access: [{ from: 'west/apps/api', to: 'east/info' }] }));
  expect(faults).toEqual([
    expect.objectContaining({
      path: ['services', 'west/apps/api'],
      problem: 'shares its namespace with west/apps/web although it calls another mesh',
      fix: 'give it a namespace of its own: mesh/namespace/service',
    }),
  ]);
});

test('services that stay in their mesh may share one', () => {
  const { faults } = parseLab(JSON.stringify({ ...shared, access: [{ from: 'west/apps/web', to: 'west/apps/api' }] }));
  expect(faults).toEqual([]);
});
