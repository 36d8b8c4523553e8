/** Loads the lab file, makes its stacks, writes the plan to cdktf.out. */
import { App } from 'cdktf';
import { outsideHosts } from './model/outside';
import { UsageError } from './scripts/errors';
import { loadLab } from './scripts/load';
import { addLabStacks } from './stacks/lab';
import { withoutTraces } from './stacks/traces';

try {
  const lab = loadLab(process.env.ISTHMUS_CONFIG);
  withoutTraces(() => {
    const app = new App({ outdir: process.env.CDKTF_OUTDIR ?? 'cdktf.out' });
    addLabStacks(app, lab, { outside: (service) => outsideHosts(lab, service, Object.keys(process.env)) });
    app.synth();
  });
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
