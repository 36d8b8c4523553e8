/**
 * Raises the part of a lab that is on this machine: programs, images, networks, Kubernetes nodes and the way in. Meshes
 * in clusters have none.
 */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import type { Lab, Mesh } from '../../model/lab';
import { uids } from '../../model/local';
import { planeVolume, stateFolder } from '../../model/names';
import { localNodes } from '../meshes';
import type { Progress } from '../progress';
import { ensureBinaries, tidyUp, together } from './build';
import { checkMachine } from './check';
import { startForwarder, stopForwarder } from './forward';
import { baseMissing, ensureBase, ensureImages, importImages } from './images';
import { cacheLock, withLock } from './lock';
import { assertNotBusy } from './locks';
import { machineForwards, outsideForwards } from './machine-forwards';
import { imagesMissingFor, missingFor } from './needs';
import { raiseNetwork } from './network';
import { raiseContainerd, raiseNode } from './node';
import { ensurePackages } from './packages';

export { razeMachine } from './raze';

/**
 * Looks whether the machine can hold the lab, and makes what the cache lacks. That concerns no lab and may take
 * minutes, so it needs the cache's lock only: other commands can be at work on labs meanwhile.
 */
export async function prepareMachine(lab: Lab, progress: Progress, signal?: AbortSignal): Promise<void> {
  await checkMachine(lab);
  const building = imagesMissingFor(lab) || missingFor(lab).length > 0;
  await ensurePackages(progress, building);
  signal?.throwIfAborted();
  if (building) await withLock('up', lab.name, () => fillCache(lab, progress, signal), cacheLock());
}

async function fillCache(lab: Lab, progress: Progress, signal?: AbortSignal): Promise<void> {
  const base = (stop: AbortSignal) => progress.step('make the Debian base', (say) => ensureBase({ say, signal: stop }));
  const images = localNodes(lab).length > 0;
  await ensureBinaries(progress, signal, images && baseMissing() ? [base] : [], missingFor(lab));
  if (!images) {
    await tidyUp(progress);
    return;
  }
  await together(signal, [
    () => tidyUp(progress),
    async (stop) => {
      await progress.step('build images', (say) => ensureImages({ say, signal: stop }));
    },
  ]);
}

/**
 * Raises everything a plan can be applied to, or mends what is missing of it. Safe to repeat, also after a kill.
 * {@link prepareMachine} comes first.
 * @param signal stops between and within steps; what is made stays, and {@link razeMachine} removes it
 */
export async function raiseMachine(lab: Lab, progress: Progress, signal?: AbortSignal): Promise<void> {
  await assertNotBusy(lab.name);
  signal?.throwIfAborted();
  makeState(lab);
  await progress.step('networks and border', () => raiseNetwork(lab));
  for (const mesh of localNodes(lab)) {
    await raiseKubernetes(lab, mesh, progress, signal);
  }
  await raiseForwarders(lab);
}

async function raiseForwarders(lab: Lab): Promise<void> {
  for (const forwarder of [...machineForwards(lab), ...outsideForwards(lab, Object.keys(process.env))]) {
    if (forwarder.forwards.length > 0) await startForwarder(lab.name, forwarder);
    else await stopForwarder(lab.name, forwarder.name);
  }
}

/** The node and its images need each other only when the first pod starts, so they come up together. */
async function raiseKubernetes(lab: Lab, mesh: Mesh, progress: Progress, signal?: AbortSignal): Promise<void> {
  await progress.step(`containerd of ${mesh.name}`, () => raiseContainerd(lab, mesh, signal));
  const both = await Promise.allSettled([
    progress.step(`images into ${mesh.name}`, () => importImages(lab.name, mesh, signal)),
    progress.step(`Kubernetes node of ${mesh.name}`, (say) => raiseNode(lab, mesh, say, signal)),
  ]);
  for (const result of both) if (result.status === 'rejected') throw result.reason;
}

/** The state folder: passable for the users that programs run as, who own only what is below. */
function makeState(lab: Lab): void {
  const state = stateFolder(lab.name);
  mkdirSync(state, { recursive: true });
  chmodSync(state, 0o711);
  if (localNodes(lab).length === 0) return;
  for (const peer of lab.meshes.filter((mesh) => mesh.kind === 'consul')) {
    const { path } = planeVolume(lab.name, peer.name);
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o700);
    chownSync(path, uids.planeConsul, uids.planeConsul);
  }
}
