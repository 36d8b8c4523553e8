/** `isthmus rotate`: replaces certificates while calls go on. */
import { meshArgument } from '../arguments';
import { StoppedError } from '../errors';
import { whileUsing } from '../machine/locks';
import { localMeshes } from '../meshes';
import { makeProgress } from '../progress';
import type { Cli } from './cli';

// Making certificates takes its time to load: that is done by who wants them, and the other commands do without.

export function addRotateCommands(cli: Cli): void {
  const rotate = cli.program.command('rotate').description('replace certificates while calls go on');
  rotate
    .command('root <mesh>')
    .description("a new root CA: Consul's own, or the one that Istio's services are known by outside")
    .option('--json', 'machine-readable output')
    .action((name: string, options: { json?: boolean }) => root(name, options, cli));
  rotate
    .command('guard <mesh>')
    .description("new certificates for the webhook that guards a mesh's pods, and their CA; about three minutes")
    .option('--json', 'machine-readable output')
    .action((name: string, options: { json?: boolean }) => guard(name, options, cli));
}

async function root(name: string, options: { json?: boolean }, { raisedLab, say, json }: Cli): Promise<void> {
  const { rotateRoot }: typeof import('../rotate/rotate') = require('../rotate/rotate');
  const lab = raisedLab();
  const mesh = meshArgument(lab, name);
  const work = () => rotateRoot(lab, mesh);
  const rotations = await whileUsing('rotate', lab.name, localMeshes(lab).length > 0, work);
  if (options.json === true) json({ rotations });
  else
    for (const { mesh, peer, new: root, ms } of rotations)
      say(`${mesh}: new root ${root}, trusted by ${peer} after ${ms} ms`);
}

async function guard(name: string, options: { json?: boolean }, cli: Cli): Promise<void> {
  const { rotateGuard }: typeof import('../rotate/guard') = require('../rotate/guard');
  const lab = cli.raisedLab();
  const mesh = meshArgument(lab, name);
  const work = () => rotateGuard(lab, mesh, { progress: makeProgress(), signal: cli.stoppable() });
  const result = await whileUsing('rotate', lab.name, localMeshes(lab).length > 0, work).catch((error: unknown) => {
    if (!(error instanceof StoppedError)) throw error;
    const goesOn = `what the keeper has begun goes on without this command; \`isthmus rotate guard ${name}\` follows it`;
    throw new StoppedError(error.signal, goesOn);
  });
  if (options.json === true) return cli.json(result);
  const was = result.followed ? ' (it was under way)' : '';
  cli.say(`${name}: guard has a new CA ${result.new}, the old one is trusted no more after ${result.ms} ms${was}`);
}
