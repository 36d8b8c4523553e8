import { locate } from '../machine/binaries';
import { run } from '../machine/exec';
import type { PlannedResource } from './read';
import type { Context } from './types';

interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

function metadata({ values }: PlannedResource): Metadata {
  const [first] = [values.metadata].flat() as Metadata[];
  if (first === undefined) throw new Error('a namespace without metadata');
  return first;
}

export function namespaceName(resource: PlannedResource): string {
  return metadata(resource).name;
}

/** `kubectl` arguments that pick the cluster of a stack. */
export function cluster({ providers }: PlannedResource): string[] {
  const settings = providers.kubernetes ?? (providers.helm?.kubernetes as Record<string, unknown> | undefined);
  return [`--kubeconfig=${String(settings?.config_path)}`];
}

export async function applyNamespace(resource: PlannedResource, _context: Context): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: metadata(resource) };
  await run(locate('kubectl'), [...cluster(resource), 'apply', '-f', '-'], { input: JSON.stringify(object) });
}

export async function hasNamespace(resource: PlannedResource): Promise<boolean> {
  const { name } = metadata(resource);
  const { stdout } = await run(locate('kubectl'), [
    ...cluster(resource),
    'get',
    'namespace',
    name,
    '--ignore-not-found',
    '-o',
    'name',
  ]);
  return stdout.trim() !== '';
}

export async function deleteNamespace(resource: PlannedResource, _context: Context): Promise<void> {
  await run(locate('kubectl'), [
    ...cluster(resource),
    'delete',
    'namespace',
    metadata(resource).name,
    '--ignore-not-found',
    '--timeout=120s',
  ]);
}
