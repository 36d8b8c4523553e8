/**
 * The plan of the default lab, whole. A difference is a change of what the lab is: review it, then run
 * `UPDATE_GOLDEN=1 npx jest test/synth/golden`.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expectGolden, reviewable } from '../support/golden';
import { localLab, root } from '../support/labs';
import { resources, synthesise } from '../support/synth';

jest.mock('../../constructs/programs', () => jest.requireActual('../support/programs'));

const plan = synthesise(localLab());

test.each(plan.stacks.map((stack) => [stack.name, stack] as const))('%s is as it was reviewed', (name, stack) => {
  expectGolden(name, reviewable(stack));
});

test('the plan has the addresses it had: a renamed resource would be taken down and made again', () => {
  expectGolden(
    'addresses',
    resources(plan)
      .map(({ stack, address }) => `${stack}/${address}`)
      .toSorted(),
  );
});

test('there is no golden file of a stack that is gone', () => {
  const names = readdirSync(join(root, 'test/golden')).map((file) => file.replace(/\.json$/, ''));
  expect(names.toSorted()).toEqual(['addresses', ...plan.stacks.map(({ name }) => name)].toSorted());
});
