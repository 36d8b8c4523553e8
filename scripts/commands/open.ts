/** `isthmus open` and `isthmus kubeconfig`. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Lab, Mesh } from '../../model/lab';
import { kubeconfigFile } from '../../model/names';
import { FailureError, UsageError } from '../errors';
import { pageAddress } from '../page';

/** Address of the page. Opens it when there is a desktop. */
export async function openCommand(lab: Lab): Promise<string> {
  const page = pageAddress(lab);
  if (page === undefined)
    throw new UsageError('no service of this lab is the page. Add expose: page to one of an Istio mesh');
  const answers = await fetch(page, { signal: AbortSignal.timeout(3_000) }).then(
    () => true,
    () => false,
  );
  if (!answers) throw new FailureError(`${page} does not answer. What now: isthmus up, isthmus status`);
  if (process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined) {
    spawn('xdg-open', [page], { stdio: 'ignore', detached: true })
      .on('error', () => {})
      .unref();
  }
  return page;
}

/** The kubeconfig that works from this machine. */
export function kubeconfigCommand(lab: Lab, mesh: Mesh): string {
  if (mesh.kind !== 'istio')
    throw new UsageError(
      `mesh ${mesh.name} runs on hosts, without Kubernetes. For Consul: isthmus exec ${mesh.name} -- consul members`,
    );
  const file = kubeconfigFile(lab.name, mesh.name);
  if (!existsSync(file)) throw new FailureError(`there is no ${file} yet. What now: isthmus up`);
  return readFileSync(file, 'utf8').trimEnd();
}
