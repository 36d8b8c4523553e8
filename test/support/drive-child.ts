/** Applies the stacks of a checkout and ends as the isthmus command does: `drive-child.ts CHECKOUT OUTDIR`. */
import { StoppedError } from '../../scripts/errors';
import { silentProgress } from '../../scripts/progress';
import { applyStacks } from '../../scripts/terraform/drive';
import { readStacks } from '../../scripts/terraform/stacks';
import { fakeTerraform } from './stacks';

const [checkout = '', outdir = ''] = process.argv.slice(2);
const stop = new AbortController();
process.on('SIGINT', () => {
  const stopped = new StoppedError('SIGINT');
  if (stop.signal.aborted) process.exit(stopped.exitCode);
  stop.abort(stopped);
});
const owner = { lab: 'weather', region: 'eu-north-1', account: '111122223333' };
applyStacks(readStacks(outdir), {
  checkout,
  owner,
  program: fakeTerraform,
  progress: silentProgress,
  signal: stop.signal,
}).catch((error: unknown) => {
  process.exitCode = error instanceof StoppedError ? error.exitCode : 1;
});
