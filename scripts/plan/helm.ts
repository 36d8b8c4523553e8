import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailureError, ProgramError } from '../errors';
import { locate } from '../machine/binaries';
import { run } from '../machine/exec';
import { cluster } from './namespace';
import { withoutHopelessPods } from './pods';
import type { PlannedResource } from './read';
import type { Context } from './types';

interface ReleaseValues {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly values?: readonly string[];
  readonly timeout?: number;
}

function release({ values }: PlannedResource): ReleaseValues {
  return values as unknown as ReleaseValues;
}

/** Installs or upgrades a release and waits until its workloads are ready. */
export async function applyRelease(resource: PlannedResource, { signal, say }: Context): Promise<void> {
  const { name, namespace, chart, values = [], timeout = 300 } = release(resource);
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-values-'));
  try {
    const files = values.map((text, index) => {
      const file = join(folder, `${index}.yaml`);
      writeFileSync(file, text, { mode: 0o600 });
      return `--values=${file}`;
    });
    await removeUnfinished(resource);
    // Helm 4's own defaults differ from those of the Terraform provider, whose plan this is.
    const flags = ['--server-side=false', '--wait=legacy', `--timeout=${timeout}s`, '--namespace', namespace];
    await withoutHopelessPods(resource, say, signal, (stop) =>
      run(locate('helm'), [...cluster(resource), 'upgrade', '--install', name, chart, ...flags, ...files], {
        cwd: resource.folder,
        signal: stop,
        endsWithUs: true,
      }),
    );
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new FailureError(`release ${namespace}/${name}: ${error.message}\n${await podsOf(resource)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function hasRelease(resource: PlannedResource): Promise<boolean> {
  return (await listed(resource))?.status === 'deployed';
}

export async function deleteRelease(resource: PlannedResource, _context: Context): Promise<void> {
  const { name, namespace } = release(resource);
  await run(locate('helm'), [
    ...cluster(resource),
    'uninstall',
    name,
    '--namespace',
    namespace,
    '--ignore-not-found',
    '--wait=legacy',
    '--timeout=120s',
  ]);
}

interface Listed {
  readonly namespace: string;
  readonly status: string;
  readonly revision: string;
}

async function listed(resource: PlannedResource): Promise<Listed | undefined> {
  const { name, namespace } = release(resource);
  const { stdout } = await run(locate('helm'), [
    ...cluster(resource),
    'list',
    '--all-namespaces',
    '--output=json',
    '--filter',
    `^${name}$`,
  ]);
  const found = JSON.parse(stdout || '[]') as readonly Listed[];
  return found.find((entry) => entry.namespace === namespace);
}

/**
 * Removes what a stopped Helm left: after a kill the release is locked ("another operation is in progress"), and after
 * a failed first install it would be upgraded, in which charts leave out what only an install brings.
 */
async function removeUnfinished(resource: PlannedResource): Promise<void> {
  const found = await listed(resource);
  if (found === undefined) return;
  const { status, revision } = found;
  if (status.startsWith('pending') || (status === 'failed' && revision === '1')) {
    await deleteRelease(resource, { lab: '', say: () => {} });
  }
}

/** What a person needs to see when a release does not become ready: its namespace's pods and last events. */
async function podsOf(resource: PlannedResource): Promise<string> {
  const at = [...cluster(resource), '--namespace', release(resource).namespace, 'get'];
  const looks = [
    ['pods', '-o', 'wide'],
    ['events', '--sort-by=.lastTimestamp', '--field-selector=type=Warning'],
  ];
  const shown = await Promise.all(
    looks.map((args) => run(locate('kubectl'), [...at, ...args], { timeout: 10_000 }).catch(() => undefined)),
  );
  return shown.map((result) => result?.stdout.trim().split('\n').slice(-12).join('\n') ?? '').join('\n');
}
