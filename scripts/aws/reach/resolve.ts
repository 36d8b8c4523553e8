/**
 * What the text of an argument stands for: itself, or a resource of this or another stack. An address is
 * `STACK/TYPE.NAME`; a reference to another stack goes through that stack's outputs.
 */
import { meshTag } from '../../../model/aws';
import { FailureError } from '../../errors';
import type { StackPlan } from './plan';

export type Value =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  /** `attribute` is what follows the name, such as `id` or `vpc_config[0].vpc_id`. */
  | { readonly kind: 'reference'; readonly address: string; readonly attribute: string };

/** A resource of the plan, or one that it looks up (`data.TYPE`). */
export interface Row {
  /** `STACK/TYPE.NAME` */
  readonly address: string;
  readonly stack: string;
  readonly type: string;
  /** The mesh it is tagged with. */
  readonly mesh: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;
}

const remote =
  /^data\.terraform_remote_state\.cross-stack-reference-input-([A-Za-z0-9_-]+)\.outputs\.([A-Za-z0-9_-]+)(.*)$/;
const own = /^((?:data\.)?[a-z0-9_]+\.[A-Za-z0-9_-]+)\.?(.*)$/;
const element = /^(?:element|lookup)\((.+), *"?([0-9]+)"?\)$/;
const list = /^(?:tolist|toset|one|tostring)\((.+)\)(\[[0-9]+\])?$/;

export class Resolver {
  readonly rows: readonly Row[];
  private readonly byAddress: ReadonlyMap<string, Row>;
  private readonly outputs: ReadonlyMap<string, StackPlan['output']>;

  constructor(stacks: readonly StackPlan[]) {
    this.rows = stacks.flatMap(rowsOf);
    this.byAddress = new Map(this.rows.map((row) => [row.address, row]));
    this.outputs = new Map(stacks.map(({ name, output }) => [name, output]));
  }

  /** @throws FailureError when one is made many times over */
  ofType(type: string): Row[] {
    return this.rows.filter((row) => row.type === type).map(single);
  }

  row(address: string): Row | undefined {
    return this.byAddress.get(address);
  }

  /**
   * The first thing that an argument stands for: a resource, or a value.
   * @throws FailureError when it is an expression that this model can not follow
   */
  resolve(stack: string, raw: unknown): Value {
    if (typeof raw === 'number' || typeof raw === 'boolean') return { kind: 'literal', value: raw };
    if (typeof raw !== 'string') throw notFollowed(stack, raw);
    const [, whole] = /^\$\{([^{}]+)\}$/.exec(raw) ?? [];
    if (whole !== undefined) return this.expression(stack, whole);
    if (!/(?<!\$)\$\{/.test(raw)) return { kind: 'literal', value: raw };
    // `${aws_eip.nat.public_ip}/32`: the parts that are known are put in; one that is not stands for the whole.
    let unknown: Value | undefined;
    const text = raw.replaceAll(/\$\{([^{}]+)\}/g, (part, inner: string) => {
      const value = this.known(this.expression(stack, inner));
      if (value.kind === 'literal') return String(value.value);
      unknown = value;
      return part;
    });
    return unknown ?? { kind: 'literal', value: text };
  }

  /** Like `resolve`, and on to the value where the plan has it: a subnet's `cidr_block`, a cluster's `name`. */
  known(value: Value): Value {
    if (value.kind === 'literal') return value;
    const row = this.row(value.address);
    const argument = row?.values[value.attribute];
    if (row === undefined || argument === undefined || Array.isArray(argument)) return value;
    return this.known(this.resolve(row.stack, argument));
  }

  /** Text of an argument, where the plan has it. */
  text(row: Row, key: string): string | undefined {
    const raw = row.values[key];
    if (raw === undefined) return undefined;
    const value = this.known(this.resolve(row.stack, raw));
    return value.kind === 'literal' ? String(value.value) : undefined;
  }

  number(row: Row, key: string): number | undefined {
    const text = this.text(row, key);
    return text === undefined ? undefined : Number(text);
  }

  flag(row: Row, key: string): boolean | undefined {
    const text = this.text(row, key);
    return text === undefined ? undefined : text === 'true';
  }

  /** Id of what an argument names: an address, or a literal such as `vpc-0a1b` for what is not of this plan. */
  id(row: Row, key: string): string | undefined {
    const raw = row.values[key];
    return raw === undefined ? undefined : this.idOf(row.stack, raw);
  }

  ids(row: Row, key: string): string[] {
    const raw = row.values[key];
    if (raw === undefined) return [];
    if (!Array.isArray(raw)) throw notFollowed(row.address, raw);
    return raw.map((item) => this.idOf(row.stack, item));
  }

  idOf(stack: string, raw: unknown): string {
    const value = this.resolve(stack, raw);
    return value.kind === 'literal' ? String(value.value) : this.identity(value.address, value.attribute);
  }

  /** An attribute may stand for another resource than the one that has it. */
  private identity(address: string, attribute: string): string {
    if (attribute.endsWith('cluster_security_group_id')) return clusterGroup(address);
    if (attribute === 'default_security_group_id') return defaultGroup(address);
    if (attribute === 'main_route_table_id' || attribute === 'default_route_table_id') return mainTable(address);
    const row = this.row(address);
    const same = row === undefined ? undefined : sameAs[row.type];
    const other = same === undefined || row === undefined ? undefined : this.id(row, same);
    if (other !== undefined) return row?.type === 'aws_default_security_group' ? defaultGroup(other) : other;
    // A group's `vpc_id` is that VPC; `id` and `arn` are the thing itself.
    const argument = row?.values[attribute];
    return row !== undefined && argument !== undefined && /_(id|arn)$/.test(attribute)
      ? this.idOf(row.stack, argument)
      : address;
  }

  private expression(stack: string, text: string): Value {
    const [, listed, index] = element.exec(text) ?? [];
    if (listed !== undefined) return this.expression(stack, `${listed}[${index}]`);
    const [, wrapped, at = ''] = list.exec(text) ?? [];
    if (wrapped !== undefined) return this.expression(stack, `${wrapped}${at}`);
    const [, producer, output, more = ''] = remote.exec(text) ?? [];
    if (producer !== undefined && output !== undefined) return this.throughOutput(stack, text, producer, output, more);
    const [, address, attribute = ''] = own.exec(text) ?? [];
    if (address === undefined || /[()?:*]/.test(text)) throw notFollowed(stack, `\${${text}}`);
    return { kind: 'reference', address: `${stack}/${address}`, attribute };
  }

  private throughOutput(stack: string, text: string, producer: string, output: string, more: string): Value {
    const raw = this.outputs.get(producer)?.[output]?.value;
    if (raw === undefined) {
      throw new FailureError(
        `${stack}: \${${text}} names output ${output} of stack ${producer}, which the plan does not have. Synthesise all stacks together.`,
      );
    }
    const value = this.resolve(producer, raw);
    return value.kind === 'literal' ? value : { ...value, attribute: `${value.attribute}${more}` };
  }
}

/** Resources that stand for another one, by the argument that names it. */
const sameAs: Readonly<Record<string, string>> = {
  aws_vpc_peering_connection_accepter: 'vpc_peering_connection_id',
  aws_vpc_peering_connection_options: 'vpc_peering_connection_id',
  aws_default_security_group: 'vpc_id',
  aws_default_route_table: 'default_route_table_id',
};

/** The security group that EKS makes for a cluster. */
export function clusterGroup(cluster: string): string {
  return `${cluster}#cluster-security-group`;
}

/** The security group that each VPC has. */
export function defaultGroup(vpc: string): string {
  return `${vpc}#default-security-group`;
}

/** The route table of the subnets that are associated with none. */
export function mainTable(vpc: string): string {
  return `${vpc}#main-route-table`;
}

function rowsOf({ name: stack, resource, data = {}, provider }: StackPlan): Row[] {
  const types = [
    ...Object.entries(resource),
    ...Object.entries(data).map(([type, all]) => [`data.${type}`, all] as const),
  ];
  return types.flatMap(([type, named]) =>
    Object.entries(named).map(([name, values]): Row => {
      const [, alias] = /^\$?\{?aws\.([a-zA-Z0-9_-]+)\}?$/.exec(String(values.provider ?? '')) ?? [];
      const settings = (provider.aws ?? []).find((one) => one.alias === alias);
      const [defaults] = (settings?.default_tags ?? []) as readonly { tags?: Readonly<Record<string, string>> }[];
      const tags = { ...defaults?.tags, ...(values.tags as Readonly<Record<string, string>> | undefined) };
      return { address: `${stack}/${type}.${name}`, stack, type, mesh: tags[meshTag], values };
    }),
  );
}

function single(row: Row): Row {
  if (!('count' in row.values) && !('for_each' in row.values)) return row;
  throw new FailureError(
    `${row.address}: the reachability model does not follow count and for_each. Make a resource for each.`,
  );
}

function notFollowed(where: string, raw: unknown): FailureError {
  return new FailureError(
    `${where}: the reachability model can not follow ${JSON.stringify(raw)?.slice(0, 160)}. Allowed: a value, or a reference to an attribute of a resource of the plan.`,
  );
}
