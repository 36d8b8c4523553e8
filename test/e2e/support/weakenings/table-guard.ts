/** Guard, switched off. */
import { isGuardContainer } from '../../../../model/guard/names';
import { guardLabel } from '../../../../model/guard/webhook';
import { podLabels } from '../../../../model/lab';
import { getObjects, kubectl } from '../../../../scripts/kubectl';
import type { Ground, Weakening } from './ground';

interface Pod {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly spec: { readonly initContainers?: readonly { readonly name: string }[] };
}

const selected = ({ cast: { consumer } }: Ground) => {
  const labels = Object.entries(podLabels(consumer)).map((pair) => pair.join('='));
  return ['--namespace', consumer.namespace, '--selector', labels.join(',')];
};

/** How many of guard's containers each pod of the consumer has. */
async function guarded(ground: Ground): Promise<unknown> {
  const pods = await getObjects<Pod>(ground.cluster, ['pods', ...selected(ground)]);
  const live = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return live.map(({ spec }) => (spec.initContainers ?? []).filter(({ name }) => isGuardContainer(name)).length);
}

/** Sets or removes the label of the consumer's namespace, and has its pod made again. */
async function label(ground: Ground, value: string): Promise<void> {
  const { name, namespace } = ground.cast.consumer;
  await kubectl(ground.cluster, ['label', '--overwrite', 'namespace', namespace, `${guardLabel}${value}`]);
  await kubectl(ground.cluster, ['delete', 'pods', ...selected(ground), '--timeout=120s']);
  const ready = ['rollout', 'status', `deployment/${name}`, '--namespace', namespace, '--timeout=120s'];
  await kubectl(ground.cluster, ready);
}

export const guardWeakenings: readonly Weakening[] = [
  {
    name: 'unguarded',
    off: "the consumer's namespace is not guarded, and its pod was made again",
    weaken: (ground) =>
      ground.change({
        what: `guard of ${ground.cast.consumer.id}`,
        look: () => guarded(ground),
        make: () => label(ground, '-'),
        undo: () => label(ground, '=true'),
      }),
    through: {
      'guard/pod-net-admin': /answered: 201/,
      'guard/pod-host-network': /answered: 201/,
      'guard/admin': /answered: 200/,
    },
  },
];
