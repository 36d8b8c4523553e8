/** Certificates that are not the right one, shown wherever a group of attacks shows them. */
import { type Ask, line } from '../asks';
import {
  type Attack,
  type AttackRow,
  by,
  type Control,
  type Group,
  type How,
  type Need,
  type Observation,
} from '../attack';
import type { Field } from '../field';
import type { Secure } from '../vantage/agent';
import { type Leaf, type LeafOptions, mintLeaf } from '../vantage/certificates';
import type { Whose } from '../vantage/thief';

export interface CertificateRow extends AttackRow {
  readonly ca: Whose;
  readonly uris: (field: Field) => readonly string[];
  /** @default - no DNS names, and valid now */
  readonly options?: Omit<LeafOptions, 'uris'>;
  readonly how: readonly How[];
}

/** Who is shown the certificates of a group. */
export interface Verifier {
  readonly group: Group;
  /** What is asked for, which the right certificate gets. */
  readonly ask: (field: Field) => Ask;
  readonly reach: (
    field: Field,
    shown: { readonly tried: string; readonly leaf: Pick<Secure, 'cert' | 'key'> },
  ) => Promise<Observation>;
  readonly control: (field: Field) => Promise<Control>;
  readonly needs?: Need;
}

/** An attack by a thief who holds a CA's key and has it sign names of his choice. */
export function certificateAttack(
  { group, ask, reach, control, needs }: Verifier,
  { name, title, serves, ca, uris, options, how }: CertificateRow,
): Attack<Field> {
  return {
    id: `${group}/${name}`,
    group,
    title,
    serves,
    attempt: async (field) => {
      const names = uris(field);
      const tried = `${line(ask(field))} as ${names.join(' and ') || 'no URI'}, signed by the ${ca} CA`;
      return reach(field, { tried, leaf: await forged(field, ca, { uris: names, ...options }) });
    },
    refusedWhen: by(...how),
    control,
    ...(needs === undefined ? {} : { needs }),
  };
}

/** A certificate of a thief who holds a CA's key. */
export async function forged(field: Field, whose: Whose, options: LeafOptions): Promise<Leaf> {
  return mintLeaf(await field.authority(whose), options);
}
