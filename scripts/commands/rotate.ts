/** `isthmus rotate`: replaces certificates while calls go on. */
import { meshArgument } from '../arguments';
import { whileUsing } from '../machine/locks';
import { localMeshes } from '../meshes';
import type { Cli } from './cli';

export function addRotateCommands({ program, raisedLab, say, json }: Cli): void {
  const rotate = program.command('rotate').description('replace certificates while calls go on');
  rotate
    .command('root <mesh>')
    .description("a new root CA: Consul's own, or the one that Istio's services are known by outside")
    .option('--json', 'machine-readable output')
    .action(async (name: string, options: { json?: boolean }) => {
      // Not at the top: making certificates takes its time to load.
      const { rotateRoot }: typeof import('../rotate/rotate') = require('../rotate/rotate');
      const lab = raisedLab();
      const mesh = meshArgument(lab, name);
      const work = () => rotateRoot(lab, mesh);
      const rotations = await whileUsing('rotate', lab.name, localMeshes(lab).length > 0, work);
      if (options.json === true) json({ rotations });
      else
        for (const { mesh, peer, new: root, ms } of rotations)
          say(`${mesh}: new root ${root}, trusted by ${peer} after ${ms} ms`);
    });
}
