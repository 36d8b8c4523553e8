/** Names on a command line → things of the lab; unknown ones become one clear message. */
import { canonicalId, type Lab, type Mesh, methods, type Service, shortId } from '../model/lab';
import { nearest } from '../model/nearest';
import { labSchema } from '../model/schema';
import { region } from '../model/schema-aws';
import { UsageError } from './errors';

export function meshArgument(lab: Lab, name: string): Mesh {
  const found = lab.meshes.find((mesh) => mesh.name === name);
  if (found !== undefined) return found;
  throw unknown(
    'mesh',
    name,
    lab.meshes.map((mesh) => mesh.name),
  );
}

export function serviceArgument(lab: Lab, name: string): Service {
  const found = lab.services.find(({ id }) => id === canonicalId(name));
  if (found !== undefined) return found;
  throw unknown('service', name, lab.services.map(shortId));
}

/** Name of an AWS region, as far as its form tells. */
export function regionArgument(name: string): string {
  if (region.safeParse(name).success) return name;
  throw new UsageError(`${JSON.stringify(name)} is no name of a region. Allowed: a name such as eu-west-1`);
}

/** Name of a lab that may be up, whatever its file says by now. */
export function labNameArgument(name: string): string {
  if (labSchema.shape.name.safeParse(name).success) return name;
  throw new UsageError(
    `${JSON.stringify(name)} is no name of a lab. Allowed: 1 to 20 of a-z, 0-9 and -, starting with a letter`,
  );
}

export function methodArgument(name: string): string {
  const upper = name.toUpperCase();
  if ((methods as readonly string[]).includes(upper)) return upper;
  throw unknown('method', name, methods);
}

export function pathArgument(path: string): string {
  if (path.startsWith('/')) return path;
  throw new UsageError(`path ${JSON.stringify(path)} must start with a slash, such as /${path}`);
}

function unknown(what: string, value: string, allowed: readonly string[]): UsageError {
  const near = nearest(value, allowed);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  return new UsageError(`no ${what} ${JSON.stringify(value)} in this lab. Allowed: ${allowed.join(', ')}.${hint}`);
}
