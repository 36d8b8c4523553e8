/** `prepare`: makes the plane's two bootstrap tokens once, before Consul starts for the first time. */
import { randomUUID } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { messageOf } from '../common/errors';
import { PlaneError } from './errors';

export interface PlaneTokens {
  /** Every right on the plane. Never leaves the Raft volume. */
  readonly management: string;
  /** Consul's own token for keeping its node registered. */
  readonly agent: string;
}

const fragmentSchema = z.object({
  acl: z.object({ tokens: z.object({ initial_management: z.uuid(), agent: z.uuid() }) }),
});

/**
 * Writes the config fragment that Consul reads beside its own file, unless it is there.
 * @returns whether it was made now
 */
export function prepare(fragment: string): boolean {
  mkdirSync(dirname(fragment), { recursive: true });
  const content = { acl: { tokens: { initial_management: randomUUID(), agent: randomUUID() } } };
  const unfinished = `${fragment}.${process.pid}.new`;
  try {
    writeFileSync(unfinished, `${JSON.stringify(content)}\n`, { mode: 0o400, flag: 'wx' });
    chmodSync(unfinished, 0o400);
    // A link, not a rename: it fails when the file exists, so tokens in use are never replaced.
    linkSync(unfinished, fragment);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new PlaneError(`${fragment}: ${messageOf(error)}; the Raft volume must belong to Consul's user`);
    }
    // Kubernetes gives the group of a volume read and write access to all files when it mounts it again.
    chmodSync(fragment, 0o400);
    readPlaneTokens(fragment);
    return false;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Throws {@link PlaneError} when the file is missing or damaged. */
export function readPlaneTokens(fragment: string): PlaneTokens {
  try {
    const { tokens } = fragmentSchema.parse(JSON.parse(readFileSync(fragment, 'utf8'))).acl;
    return { management: tokens.initial_management, agent: tokens.agent };
  } catch (error) {
    // A schema error would quote nothing of the file, a JSON error might.
    const why = (error as NodeJS.ErrnoException).code ?? 'it is not the fragment that "prepare" writes';
    throw new PlaneError(
      `${fragment} is unusable (${why}): run this where the plane's Raft volume is mounted, as Consul's user`,
    );
  }
}
