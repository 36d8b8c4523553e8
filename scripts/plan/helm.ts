import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labTag } from '../../model/names';
import { describeCluster, isOwnNode } from '../cluster';
import { FailureError, ProgramError } from '../errors';
import { helm, kubectl } from '../kubectl';
import { clusterOfResource } from './cluster';
import { withoutHopelessPods } from './pods';
import type { PlannedResource } from './read';
import type { Context } from './types';

interface ReleaseValues {
  readonly name: string;
  readonly namespace: string;
  /** A folder, or the name of a chart in `repository`. */
  readonly chart: string;
  readonly repository?: string;
  readonly version?: string;
  readonly values?: readonly string[];
  readonly timeout?: number;
  readonly postrender?: Postrender;
}

/** A program that changes what Helm rendered, as the Terraform provider calls it. */
interface Postrender {
  readonly binary_path: string;
  readonly args?: readonly string[];
}

function release({ values }: PlannedResource): ReleaseValues {
  return values as unknown as ReleaseValues;
}

/** `namespace/name`, unique in a cluster. */
export function releaseId(resource: PlannedResource): string {
  const { name, namespace } = release(resource);
  return `${namespace}/${name}`;
}

/** What is said of a release that somebody else installed. */
export function foreignRelease(resource: PlannedResource): string {
  return (
    `${resource.id}: Helm release ${releaseId(resource)}, which this lab did not install, is in ${describeCluster(clusterOfResource(resource))}; ` +
    'the lab would overwrite it and `isthmus down` would uninstall it. Rename what it is called after in the lab file, or uninstall it'
  );
}

/** Refuses a release that others installed. */
export async function claimRelease(resource: PlannedResource, context: Context): Promise<void> {
  if (isOwnNode(clusterOfResource(resource), context.lab)) return;
  if ((await listed(resource)) !== undefined && !(await isOurs(resource, context))) {
    throw new FailureError(foreignRelease(resource));
  }
}

/** Installs or upgrades a release and waits until its workloads are ready. */
export async function applyRelease(resource: PlannedResource, { lab, signal, say }: Context): Promise<void> {
  const { name, namespace, values = [], timeout = 300, postrender } = release(resource);
  // In the plan, by one name: what a run that was killed leaves is written over, and lies nowhere else.
  const folder = join(resource.folder, '.values', namespace, name);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const files = values.map((text, index) => {
      const file = join(folder, `${index}.yaml`);
      writeFileSync(file, text, { mode: 0o600 });
      return `--values=${file}`;
    });
    await removeUnfinished(resource);
    // Helm 4's own defaults differ from those of the Terraform provider, whose plan this is.
    const flags = [
      '--server-side=false',
      '--wait=legacy',
      `--timeout=${timeout}s`,
      `--labels=${labTag}=${lab}`,
      '--namespace',
      namespace,
      ...(postrender === undefined ? [] : ['--post-renderer', postRendererPlugin]),
    ];
    const env = postrender === undefined ? {} : { HELM_PLUGINS: layPlugin(folder, postrender) };
    await withoutHopelessPods(resource, say, signal, (stop) =>
      helm(
        clusterOfResource(resource),
        ['upgrade', '--install', name, ...chartArguments(release(resource)), ...flags, ...files],
        { cwd: resource.folder, signal: stop, endsWithUs: true, env },
      ),
    );
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new FailureError(`release ${namespace}/${name}: ${error.message}\n${await podsOf(resource)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const postRendererPlugin = 'postrender';

/** Helm 4 takes a plugin where the Terraform provider takes a program. Returns the folder of plugins. */
function layPlugin(folder: string, { binary_path: command, args = [] }: Postrender): string {
  const plugin = join(folder, 'plugins', postRendererPlugin);
  mkdirSync(plugin, { recursive: true });
  const description = {
    apiVersion: 'v1',
    type: 'postrenderer/v1',
    name: postRendererPlugin,
    version: '0.1.0',
    runtime: 'subprocess',
    runtimeConfig: { platformCommand: [{ command, args }] },
  };
  writeFileSync(join(plugin, 'plugin.yaml'), JSON.stringify(description));
  return join(folder, 'plugins');
}

/** How Helm is told where a chart is. A registry's charts have their whole address for a name. */
export function chartArguments({
  chart,
  repository,
  version,
}: Pick<ReleaseValues, 'chart' | 'repository' | 'version'>): string[] {
  const pinned = version === undefined ? [] : ['--version', version];
  if (repository === undefined || repository === '') return [chart, ...pinned];
  if (repository.startsWith('oci://')) return [`${repository.replace(/\/$/, '')}/${chart}`, ...pinned];
  return [chart, '--repo', repository, ...pinned];
}

export async function hasRelease(resource: PlannedResource): Promise<boolean> {
  return (await listed(resource))?.status === 'deployed';
}

/** Uninstalls the release if it is the lab's; another one of its name stays. */
export async function deleteRelease(resource: PlannedResource, context: Context): Promise<void> {
  const shared = !isOwnNode(clusterOfResource(resource), context.lab);
  if (shared && !(await isOurs(resource, context))) return;
  await uninstall(resource);
}

async function uninstall(resource: PlannedResource): Promise<void> {
  const { name, namespace } = release(resource);
  const flags = ['--ignore-not-found', '--wait=legacy', '--timeout=180s'];
  await helm(clusterOfResource(resource), ['uninstall', name, '--namespace', namespace, ...flags]);
}

interface Listed {
  readonly namespace: string;
  readonly status: string;
  readonly revision: string;
}

async function listed(resource: PlannedResource, ...filter: string[]): Promise<Listed | undefined> {
  const { name, namespace } = release(resource);
  const { stdout } = await helm(clusterOfResource(resource), [
    'list',
    '--namespace',
    namespace,
    '--output=json',
    '--filter',
    `^${name}$`,
    ...filter,
  ]);
  const found = JSON.parse(stdout || '[]') as readonly Listed[];
  return found.find((entry) => entry.namespace === namespace);
}

async function isOurs(resource: PlannedResource, { lab }: Context): Promise<boolean> {
  return (await listed(resource, '--selector', `${labTag}=${lab}`)) !== undefined;
}

/**
 * Removes what a stopped Helm left: after a kill the release is locked ("another operation is in progress"), and after
 * a failed first install it would be upgraded, in which charts leave out what only an install brings.
 */
async function removeUnfinished(resource: PlannedResource): Promise<void> {
  const found = await listed(resource);
  if (found === undefined) return;
  const { status, revision } = found;
  if (status.startsWith('pending') || (status === 'failed' && revision === '1')) await uninstall(resource);
}

/** What a person needs to see when a release does not become ready: its namespace's pods and last events. */
async function podsOf(resource: PlannedResource): Promise<string> {
  const at = ['--namespace', release(resource).namespace, 'get'];
  const looks = [
    ['pods', '-o', 'wide'],
    ['events', '--sort-by=.lastTimestamp', '--field-selector=type=Warning'],
  ];
  const shown = await Promise.all(
    looks.map((args) =>
      kubectl(clusterOfResource(resource), [...at, ...args], { timeout: 10_000 }).catch(() => undefined),
    ),
  );
  return shown.map((result) => result?.stdout.trim().split('\n').slice(-12).join('\n') ?? '').join('\n');
}
