/** AWS constructs synthesised alone, and what became of them, by generated class. */
import { Testing } from 'cdktf';
import type { Construct } from 'constructs';
import type { NodeSettings } from '../../model/aws';
import { type Cidr, parseCidr } from '../../model/cidr';
import { withoutTraces } from '../../stacks/traces';

type Json = Readonly<Record<string, unknown>>;
type Resources = Readonly<Record<string, Readonly<Record<string, Json>>>>;

interface ResourceClass {
  readonly tfResourceType: string;
}

export const zones = ['eu-north-1a', 'eu-north-1b', 'eu-north-1c'];

export const nodes: NodeSettings = { type: 't3.medium', min: 2, desired: 2, max: 3, disk: 100, spot: false };

export function cidr(text: string): Cidr {
  const block = parseCidr(text);
  if (block === undefined) throw new Error(`${text} is no network`);
  return block;
}

/** A part of a plan. */
export class Synthesised {
  readonly text: string;
  private readonly resource: Resources;

  constructor(make: (scope: Construct) => void) {
    this.text = withoutTraces(() => Testing.synthScope(make));
    this.resource = (JSON.parse(this.text) as { resource?: Resources }).resource ?? {};
  }

  /** Arguments of all resources of a class, by name. */
  named(type: ResourceClass): Readonly<Record<string, Json>> {
    return this.resource[type.tfResourceType] ?? {};
  }

  /** Arguments of all resources of a class. */
  all(type: ResourceClass): readonly Json[] {
    return Object.values(this.named(type));
  }

  /** The only resource of a class, or the only one whose name contains `part`. */
  one(type: ResourceClass, part = ''): Json {
    const found = Object.entries(this.named(type)).filter(([name]) => name.includes(part));
    const [first] = found;
    if (first === undefined || found.length > 1) throw new Error(`${found.length} of ${type.tfResourceType} ${part}`);
    return first[1];
  }

  /** Whether Terraform makes the first only after the second, and destroys it before. */
  after(first: string, second: string): boolean {
    const seen = new Set<string>();
    const open = [first];
    for (let address = open.pop(); address !== undefined; address = open.pop()) {
      if (seen.has(address)) continue;
      seen.add(address);
      open.push(...this.needs(address));
    }
    seen.delete(first);
    return seen.has(second);
  }

  /** Addresses `type.name` of a class whose name contains `part`. */
  address(type: ResourceClass, part = ''): string {
    const found = Object.keys(this.named(type)).filter((name) => name.includes(part));
    const [name] = found;
    if (name === undefined || found.length > 1) throw new Error(`${found.length} of ${type.tfResourceType} ${part}`);
    return `${type.tfResourceType}.${name}`;
  }

  private needs(address: string): readonly string[] {
    const [type = '', name = ''] = address.split('.');
    const { '//': _metadata, ...values } = this.resource[type]?.[name] ?? {};
    const text = JSON.stringify(values);
    return [...text.matchAll(/aws_[a-z0-9_]+\.[A-Za-z0-9_-]+/g)].map(([found]) => found);
  }
}
