/** What a program is told of itself, whichever mesh it is in. */
import { type Lab, mesh as meshOf } from './lab';

/** Variables that every program gets from the lab. */
export const labVariables = ['HOST', 'PORT', 'MESH', 'MESH_KIND'] as const;

export interface Listening {
  /** Name of the program's mesh. */
  readonly mesh: string;
  /** Address that it listens on. */
  readonly host: string;
  /** @default - it listens on none */
  readonly port?: number;
}

/** The lab's own variables: where the program listens, and in which mesh it is. */
export function labEnvironment(
  lab: Lab,
  { mesh, host, port }: Listening,
): Readonly<Partial<Record<(typeof labVariables)[number], string>>> {
  return {
    HOST: host,
    ...(port === undefined ? {} : { PORT: String(port) }),
    MESH: mesh,
    MESH_KIND: meshOf(lab, mesh).kind,
  };
}
