/** The real Open Policy Agent, built once from its pinned module into the cache. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { locate } from '../../scripts/machine/binaries';
import { root } from './labs';

/** Milliseconds that the build may take; two minutes were seen with no module there. */
const patience = 20 * 60_000;

/** Path of the program, or why there is none. Synchronous, so that a test file knows before its tests are collected. */
export type Opa = { readonly path: string } | { readonly missing: string };

export function opaProgram(): Opa {
  const here = located();
  if (here !== undefined) return { path: here };
  const tsx = join(root, 'node_modules/tsx/dist/cjs/index.cjs');
  const build = join(root, 'test/support/build-opa.ts');
  const { status, stderr } = spawnSync(process.execPath, ['--require', tsx, build], {
    encoding: 'utf8',
    timeout: patience,
  });
  const built = status === 0 ? located() : undefined;
  return built === undefined ? { missing: stderr.trim().split('\n').at(-1) ?? 'it can not be built' } : { path: built };
}

function located(): string | undefined {
  try {
    return locate('opa');
  } catch {
    return undefined;
  }
}
