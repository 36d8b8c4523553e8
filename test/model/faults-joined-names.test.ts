/** Objects named after a service and a mesh must not be named alike. */
import { parseLab } from '../../model/parse';

function problems(
  consul: readonly string[],
  services: readonly string[],
  rows: readonly (readonly [string, string])[],
) {
  const meshes = consul.map((name, index) => [name, { kind: 'consul', network: `10.${20 + index}.0.0/16` }]);
  const file = {
    name: 'lab',
    platform: 'local',
    meshes: { west: { kind: 'istio', network: '10.10.0.0/16' }, ...Object.fromEntries(meshes) },
    services: Object.fromEntries(services.map((id) => [id, { port: 8080, program: 'a.js' }])),
    access: rows.map(([from, to]) => ({ from, to })),
  };
  return parseLab(JSON.stringify(file)).faults.map(({ problem }) => problem);
}

test('two imports, Secrets or exports of one joined name are a fault, with both owners', () => {
  const services = ['west/web', 'c/a-b', 'b-c/a'];
  const rows = [
    ['west/web', 'c/a-b'],
    ['west/web', 'b-c/a'],
  ] as const;
  expect(problems(['c', 'b-c'], services, rows)).toContain(
    'gives west the import a-b-c, which is also that of a-b of c',
  );
  expect(problems(['c', 'd-c'], ['west/web', 'c/a-b', 'd-c/a'], [rows[0], ['west/web', 'd-c/a']]).join()).not.toContain(
    'which is also that of',
  );
  const callers = [
    ['west/apps/a-b', 'c/x'],
    ['west/apps/a', 'b-c/y'],
  ] as const;
  expect(problems(['c', 'b-c'], ['west/apps/a-b', 'west/apps/a', 'c/x', 'b-c/y'], callers)).toContain(
    'gives west the Secret in apps a-b-c-federation, which is also that of a-b towards c',
  );
  const callees = callers.map(([to, from]) => [from, to] as const);
  expect(problems(['c', 'b-c'], ['west/apps/a-b', 'west/apps/a', 'c/x', 'b-c/y'], callees)).toContain(
    'gives west the export a-b-c, which is also that of a-b towards c',
  );
});

test("an export must not take the place of the gateway's own policy", () => {
  const found = (name: string) => problems(['all'], [`west/${name}`, 'all/info'], [['all/info', `west/${name}`]]);
  expect(found('deny')).toEqual([
    'gives west the export deny-all, which is also that of the policy that refuses by default',
  ]);
  expect(found('denies')).toEqual([]);
});
