/** `isthmus open` and `isthmus kubeconfig`. */
import { spawn } from 'node:child_process';
import type { Lab, Mesh } from '../../model/lab';
import { clusterOf } from '../cluster';
import { FailureError, UsageError } from '../errors';
import { kubeconfigText } from '../kubectl';
import { pageAddress, pageForward } from '../page';

/** Address of the page. Opens it when there is a desktop. */
export async function openCommand(lab: Lab): Promise<string> {
  const page = await pageAddress(lab);
  if (page === undefined)
    throw new UsageError('no service of this lab is the page. Add expose: page to one of an Istio mesh');
  const answers = await fetch(page, { signal: AbortSignal.timeout(3_000) }).then(
    () => true,
    () => false,
  );
  if (!answers) {
    const forward = pageForward(lab);
    const way = forward === undefined ? 'isthmus up, isthmus status' : `isthmus status, or ${forward}`;
    throw new FailureError(`${page} does not answer. What now: ${way}`);
  }
  if (process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined) {
    spawn('xdg-open', [page], { stdio: 'ignore', detached: true })
      .on('error', () => {})
      .unref();
  }
  return page;
}

/** The kubeconfig that works from this machine, with the mesh's cluster alone in it. */
export async function kubeconfigCommand(lab: Lab, mesh: Mesh): Promise<string> {
  return kubeconfigText(clusterOf(lab, mesh));
}
