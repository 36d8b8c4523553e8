/**
 * The plans of the lab files that come with the product. A difference is a change of what a lab is: review it, then run
 * `UPDATE_GOLDEN=1 npx jest test/synth/golden`.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expectGolden, reviewable } from '../support/golden';
import { labFile, root } from '../support/labs';
import { resources, synthesise } from '../support/synth';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

/** Stacks that are kept whole; of a plan on other platforms those that differ from the local one's. */
const kept: Readonly<Record<string, (stack: string) => boolean>> = {
  local: () => true,
  kubeconfig: (stack) => ['mesh-west', 'mesh-east', 'weather-east', 'federation-east'].includes(stack),
  aws: (stack) => /^(network-west|cluster|border|mesh-west)/.test(stack),
};

describe.each(Object.entries(kept))('labs/%s.yaml', (name, isKept) => {
  const plan = synthesise(labFile(name));
  const stacks = plan.stacks.filter((stack) => isKept(stack.name));

  test.each(stacks.map((stack) => [stack.name, stack] as const))('%s is as it was reviewed', (stack, content) => {
    expectGolden(`${name}/${stack}`, reviewable(content));
  });

  test('the plan has the addresses it had: a renamed resource would be taken down and made again', () => {
    expectGolden(
      `${name}/addresses`,
      resources(plan)
        .map(({ stack, address }) => `${stack}/${address}`)
        .toSorted(),
    );
  });

  test('there is no golden file of a stack that is gone', () => {
    const names = readdirSync(join(root, 'test/golden', name)).map((file) => file.replace(/\.json$/, ''));
    expect(names.toSorted()).toEqual(['addresses', ...stacks.map((stack) => stack.name)].toSorted());
  });
});
