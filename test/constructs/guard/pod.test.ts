import { serviceGuard } from '../../../constructs/guard/pod';
import { labFile } from '../../support/labs';

const backend = labFile('local').services.find(({ name }) => name === 'backend');
if (backend === undefined) throw new Error('the lab has no backend');
const { name, port } = backend;
const probe = { from: name, to: name, port };
const pairs = (guard: typeof backend.guard) => serviceGuard({ ...backend, guard }).pairs;

test("a service's pod has the pair by which its health is asked, once", () => {
  expect(pairs([])).toEqual([probe]);
  expect(pairs([probe])).toEqual([probe]);
});

test('a pair of the service with itself on another port does not stand for it', () => {
  const other = { ...probe, port: port + 1 };
  expect(pairs([other])).toEqual([other, probe]);
});
