/** An import is its consumer's alone: not its namespace's, and not the wire's. */
import { type Attack, by } from '../attack';
import type { Field } from '../field';
import { leastPrivilege } from '../references';
import { consumerOverheard, hears, siblingCalls } from '../steps/import';
import { ownSecret, secret } from '../steps/istiod';
import { asProgram, calls } from '../steps/program';

/** The account that every pod has which names none. */
const anyAccount = 'default';

function attack(
  name: string,
  title: string,
  serves: readonly string[],
  rest: Pick<Attack<Field>, 'attempt' | 'refusedWhen' | 'control' | 'needs'>,
): Attack<Field> {
  return { id: `import/${name}`, group: 'import', title, serves, ...rest };
}

export const importAttacks: readonly Attack<Field>[] = [
  attack('sibling', "another workload of the consumer's namespace calls the import", ['M10', 'SP 800-204A SM-DR2'], {
    attempt: siblingCalls,
    refusedWhen: by('firewall', 'no-way'),
    control: (field) => calls(field, 'provider'),
  }),
  attack(
    'sibling-to-consumer',
    "another workload of the consumer's namespace calls the consumer",
    ['M6', 'SP 800-204B SAUZ-SR-1'],
    {
      needs: 'inside',
      attempt: (field) => asProgram(field, { from: 'sibling', to: 'consumer' }),
      refusedWhen: by('http-rule', 'firewall'),
      control: (field) => calls(field, 'consumer'),
    },
  ),
  attack(
    'sibling-key',
    "another account of the consumer's namespace asks istiod for the consumer's federation key, as the consumer's proxy",
    leastPrivilege,
    {
      attempt: async (field) => {
        const { consumer, consumerSecret } = field.cast;
        const as = { ...consumer, name: anyAccount };
        return (await secret(field, consumerSecret, consumer, { as })).observation;
      },
      refusedWhen: by('unauthorized'),
      control: ownSecret,
    },
  ),
  attack(
    'overheard',
    "listens on the border to the consumer's own calls of the import",
    ['M16', 'SP 800-204A SM-DR6'],
    { attempt: consumerOverheard, refusedWhen: by('absent'), control: hears },
  ),
];
