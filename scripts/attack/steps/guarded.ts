/** Pods that guard's webhook saw: what it put into one, and changes of one that runs. */
import { annotations, guardContainers } from '../../../model/guard/names';
import { guardInitContainers, madeContainer } from '../../../model/guard/own';
import type { Container, Pod } from '../../../model/guard/types';
import { imagePullPolicy } from '../../../model/images';
import { type Mesh, shortId } from '../../../model/lab';
import type { Observation } from '../attack';
import type { Field } from '../field';
import type { KubeCall } from '../vantage/kube';
import { kubeObservation } from './kube';

/** Guard's own containers, as an author could copy them from a pod that runs. */
export function guardOf(mesh: Mesh): Container[] {
  return guardInitContainers({ image: mesh.images.guard, ...imagePullPolicy(mesh), proxies: [] });
}

/** A pod that was let in, but with guard's own rules or containers in place of those that it came with. */
export function mended(seen: Observation, sent: unknown, answered: unknown, mesh: Mesh): Observation {
  if (seen.status !== 201) return seen;
  const [before, after] = [sent as Partial<Pod>, (answered ?? {}) as Partial<Pod>];
  const who = "guard's webhook";
  const [given, now] = [rulesOf(before), rulesOf(after)];
  if (given !== undefined && now !== undefined && now !== given) {
    return { ...seen, stop: { how: 'mended', who, what: 'wrote its own rules over them' } };
  }
  const names: readonly string[] = Object.values(guardContainers);
  const brought = before.spec?.initContainers?.some(({ name }) => names.includes(name)) ?? false;
  if (brought && ownIn(before, mesh) === 0 && ownIn(after, mesh) === names.length) {
    return { ...seen, stop: { how: 'mended', who, what: 'put its own containers in their place' } };
  }
  return seen;
}

function rulesOf({ metadata }: Partial<Pod>): string | undefined {
  return metadata?.annotations?.[annotations.rulesV4];
}

/** How many of guard's containers are there exactly as guard makes them. */
function ownIn({ spec }: Partial<Pod>, mesh: Mesh): number {
  return guardOf(mesh).filter((wanted) => madeContainer(spec?.initContainers ?? [], wanted) !== undefined).length;
}

/** What is read of a pod that runs. */
export interface PodObject {
  readonly metadata: { readonly name: string };
  readonly spec: Pod['spec'];
}

/** A merge patch of the consumer's pod while it runs, or of a subresource of it (`/status`). Nothing is stored. */
export async function changesPod(
  field: Field,
  subresource: string,
  body: (pod: PodObject) => object,
): Promise<Observation> {
  return triesOnPod(field, (live, path) => ({ method: 'PATCH', path: `${path}${subresource}`, body: body(live) }));
}

/** A binding of the consumer's pod, which runs and so has one, to a node. Nothing is stored. */
export function bindsPod(field: Field, annotations: Readonly<Record<string, string>>): Promise<Observation> {
  return triesOnPod(field, ({ metadata: { name } }, path) => ({
    method: 'POST',
    path: `${path}/binding`,
    body: {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, annotations },
      target: { apiVersion: 'v1', kind: 'Node', name: field.cast.west.name },
    },
  }));
}

async function triesOnPod(field: Field, call: (pod: PodObject, path: string) => KubeCall): Promise<Observation> {
  const { consumer } = field.cast;
  const base = `/api/v1/namespaces/${consumer.namespace}/pods`;
  const { body: list } = await field.kube.asAdmin({
    method: 'GET',
    path: `${base}?labelSelector=app%3D${consumer.name}`,
  });
  const [live] = (list as { items: PodObject[] }).items;
  if (live === undefined) throw new Error(`${shortId(consumer)} has no pod`);
  const { path, ...rest } = call(live, `${base}/${live.metadata.name}`);
  const tried = { ...rest, path: `${path}?dryRun=All` };
  return kubeObservation(tried, await field.kube.asAdmin(tried));
}
