/** Methods, paths and callers that the rows do not name, asked for by the lab's own programs through their own proxies. */
import { type Asked, type Attack, type AttackRow, by, type How, type Need } from '../attack';
import { atConsumer, atProvider, type Cast, insideIn } from '../cast';
import type { Field } from '../field';
import { asProgram, type Callee, calls } from '../steps/program';

interface ProgramRow extends AttackRow {
  readonly from: 'consumer' | 'caller' | 'neighbour';
  readonly to: Callee;
  readonly needs?: Need;
  /** What no row allows. @default - what is wrong is who asks */
  readonly asks?: (cast: Cast) => Asked | undefined;
  readonly headers?: (field: Field) => Readonly<Record<string, string>>;
  readonly how: readonly How[];
}

const programRows: readonly ProgramRow[] = [
  {
    name: 'program-post',
    title: "the consumer's own program, through its own proxy, with POST",
    serves: ['M6', 'M16'],
    from: 'consumer',
    to: 'provider',
    asks: (cast) => atProvider(cast, { method: 'POST', path: cast.asked.path }),
    how: ['http-rule'],
  },
  {
    name: 'program-caller-delete',
    title: "the caller's own program with DELETE",
    serves: ['M6', 'M16'],
    from: 'caller',
    to: 'consumer',
    needs: 'inside',
    asks: ({ lab, consumer, inside }) =>
      inside && { lab, from: inside.service, to: consumer, method: 'DELETE', path: inside.asked.path },
    how: ['http-rule'],
  },
  {
    name: 'program-caller-path',
    title: "the caller's own program on a path outside its row",
    serves: ['M6', 'M16'],
    from: 'caller',
    to: 'consumer',
    needs: 'inside',
    asks: (cast) => atConsumer(cast, ({ asked, forbidden }) => ({ ...asked, path: forbidden })),
    how: ['http-rule'],
  },
  {
    name: 'program-without-row',
    title: 'a program of the mesh that no row names',
    serves: ['M6', 'SP 800-204B APE-SR-3'],
    from: 'neighbour',
    to: 'consumer',
    needs: 'inside',
    how: ['http-rule', 'firewall'],
  },
  {
    name: 'program-without-row-xfcc',
    title: "a program that no row names, with the caller's identity in a forged header",
    serves: ['M6', 'https://github.com/hashicorp/consul/pull/13625'],
    from: 'neighbour',
    to: 'consumer',
    needs: 'inside',
    headers: ({ cast }) => ({ 'x-forwarded-client-cert': `By=spiffe://x/y;URI=${insideIn(cast).identity}` }),
    how: ['http-rule', 'firewall'],
  },
  {
    name: 'caller-to-provider',
    title: 'a program without a row calls the import by the address that leads there',
    serves: ['M10', 'SP 800-204A SM-DR2'],
    from: 'caller',
    to: 'provider',
    needs: 'stranger',
    how: ['no-way'],
  },
  {
    name: 'neighbour-to-provider',
    title: 'a workload of another namespace calls the import',
    serves: ['M10', 'SP 800-204A SM-DR2'],
    from: 'neighbour',
    to: 'provider',
    how: ['no-way'],
  },
];

function programAttack({ name, title, serves, from, to, needs, asks, headers: extra, how }: ProgramRow): Attack<Field> {
  return {
    id: `rules/${name}`,
    group: 'rules',
    title,
    serves,
    ...(needs === undefined ? {} : { needs }),
    ...(asks === undefined ? {} : { asks }),
    attempt: (field) => {
      const wanted = asks?.(field.cast);
      return asProgram(field, {
        from,
        to,
        ...(wanted === undefined ? {} : { method: wanted.method, path: wanted.path }),
        ...(extra === undefined ? {} : { headers: extra(field) }),
      });
    },
    refusedWhen: by(...how),
    control: (field) => calls(field, to),
  };
}

export const programRuleAttacks: readonly Attack<Field>[] = programRows.map(programAttack);
