/** Loads the lab file, makes its stacks, writes the plan to cdktf.out. */
import { App } from 'cdktf';
import { outsideHosts } from './model/outside';
import { loadLab } from './scripts/load';
import { addLabStacks } from './stacks/lab';

const lab = loadLab(process.env.ISTHMUS_CONFIG);
const app = new App({ outdir: process.env.CDKTF_OUTDIR ?? 'cdktf.out' });
addLabStacks(app, lab, { outside: (service) => outsideHosts(lab, service, Object.keys(process.env)) });
app.synth();
