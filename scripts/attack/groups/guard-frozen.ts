/** Ways to change what a pod says to guard and to its proxy that lead past changes of the pod itself. */
import { annotations } from '../../../model/guard/names';
import { type Attack, by, type Control, type Observation } from '../attack';
import type { Field } from '../field';
import { insidePod } from '../references';
import { bindsPod, changesPod } from '../steps/guarded';

const noRules = { [annotations.rulesV4]: '*filter\nCOMMIT\n' };
const noHarm = { 'isthmus.dev/attack': 'harmless' };

const inStatus =
  (written: Readonly<Record<string, string>>) =>
  (field: Field): Promise<Observation> =>
    changesPod(field, '/status', () => ({ metadata: { annotations: written } }));

async function otherNoteInStatus(field: Field): Promise<Control> {
  const { status, answered } = await inStatus(noHarm)(field);
  return { ok: status === 200, evidence: `the same call with an annotation of nobody's: ${answered}` };
}

/** Of a pod that has its node already: past admission the API itself finds the conflict. */
async function otherBinding(field: Field): Promise<Control> {
  const { status, answered } = await bindsPod(field, noHarm);
  return { ok: status === 409, evidence: `the same call with an annotation of nobody's passes admission: ${answered}` };
}

type Row = Pick<Attack<Field>, 'title' | 'attempt' | 'control'> & { readonly name: string };

const rows: readonly Row[] = [
  {
    name: 'status-rules',
    title: "whoever may write a pod's status replaces the rules that the pod would load",
    attempt: inStatus(noRules),
    control: otherNoteInStatus,
  },
  {
    name: 'status-proxy',
    title: "whoever may write a pod's status has its proxy start another program",
    attempt: inStatus({ 'proxy.istio.io/config': 'binaryPath: /tmp/other' }),
    control: otherNoteInStatus,
  },
  {
    name: 'binding-rules',
    title: 'whoever may bind pods to nodes brings other rules with the binding',
    attempt: (field) => bindsPod(field, noRules),
    control: otherBinding,
  },
];

export const guardFrozenAttacks: readonly Attack<Field>[] = rows.map(({ name, ...row }) => ({
  ...row,
  id: `guard/${name}`,
  group: 'guard',
  serves: insidePod,
  needs: 'guard',
  refusedWhen: by('admission'),
}));
