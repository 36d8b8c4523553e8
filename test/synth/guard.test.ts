/** Every pod that the plan puts into a guarded namespace is one that the guard admits. */
import { guardConfig } from '../../constructs/guard/config';
import { mutate } from '../../model/guard/mutate';
import { guardedNamespaces } from '../../model/guard/namespaces';
import { refusals } from '../../model/guard/pod';
import type { Pod } from '../../model/guard/types';
import { mesh } from '../../model/lab';
import { applyPatch } from '../support/guard/pods';
import { labFile } from '../support/labs';
import { kubeObjects, synthesise } from '../support/synth';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

describe.each(['local', 'kubeconfig', 'aws'])('labs/%s.yaml', (name) => {
  const lab = labFile(name);
  const west = mesh(lab, 'west');
  const guarded = guardedNamespaces(lab, west);
  const pods = kubeObjects(synthesise(lab))
    .filter(
      ({ kind, metadata }) => /^(Deployment|StatefulSet)$/.test(kind) && guarded.includes(metadata.namespace ?? ''),
    )
    .map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, podOf(object.spec)] as const);

  test('services and federation planes are guarded', () => {
    expect(pods.map(([id]) => id).toSorted()).toEqual(['backend/backend', 'frontend/frontend', 'plane-east/plane']);
  });

  test.each(pods)('%s is admitted', (_id, pod) => {
    const config = guardConfig(west);
    const mutated = applyPatch(pod, mutate(pod, config));
    expect(refusals(mutated, config)).toEqual([]);
    // The control: without the webhook's changes it is not.
    expect(refusals(pod, config)).not.toEqual([]);
  });
});

function podOf(spec: unknown): Pod {
  return (spec as { readonly template: Pod }).template;
}
