/** `isthmus host apply|remove`: what the plan runs for a host of a Consul mesh. Not for people. */
import type { HostSpec } from '../../model/hosts';
import { UsageError } from '../errors';
import { applyHost } from '../hosts/apply';
import { removeHost } from '../hosts/remove';

/** Applies the HostSpec of ISTHMUS_HOST; paths in it start from the working folder. */
export async function hostApply(environment: NodeJS.ProcessEnv, say: (line: string) => void): Promise<void> {
  await applyHost(fromEnvironment(environment), process.cwd(), say);
}

export async function hostRemove(environment: NodeJS.ProcessEnv): Promise<void> {
  const { lab, mesh, name } = fromEnvironment(environment);
  await removeHost({ lab, mesh, name });
}

function fromEnvironment({ ISTHMUS_HOST: text }: NodeJS.ProcessEnv): HostSpec {
  if (text === undefined)
    throw new UsageError('ISTHMUS_HOST is not set: this command is run by the plan, `isthmus up` applies it');
  return JSON.parse(text) as HostSpec;
}
