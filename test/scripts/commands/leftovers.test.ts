/** Reports of several regions as one. */
import { isNothingLeft, type LeftoversReport, together } from '../../../scripts/commands/leftovers';

const report: LeftoversReport = {
  lab: 'weather',
  region: 'eu-west-1',
  account: '123456789012',
  items: [],
  unseen: [],
  notes: [],
  removed: [],
};
const item = (id: string, region: string) => ({
  type: 'aws_iam_role',
  id,
  region,
  perHour: 0,
  name: id,
  why: 'tag',
  remove: 'aws iam delete-role',
});

test('what is global counts once, what could not be seen in one region is no proof', () => {
  const both = together([
    { ...report, items: [item('a', 'global')], notes: ['n'] },
    { ...report, region: 'eu-north-1', items: [item('a', 'global'), item('b', 'eu-north-1')], notes: ['n'] },
  ]);
  expect(both).toMatchObject({ region: 'eu-west-1, eu-north-1', notes: ['n'] });
  expect(both.items.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(isNothingLeft(together([report, { ...report, unseen: [{ service: 'EC2', reason: 'denied' }] }]))).toBe(false);
  expect(isNothingLeft(together([report, report]))).toBe(true);
});
