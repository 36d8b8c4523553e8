/** Paths below the home of who runs the command. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A path as people write it in a kubeconfig's place: `~/` is the home of who runs the command. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
