/** A synthesised plan as Terraform gets it: one JSON document a stack. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Json = Readonly<Record<string, unknown>>;
type Named = Readonly<Record<string, Json>>;

export interface StackPlan {
  readonly name: string;
  /** Type → name → arguments. */
  readonly resource: Readonly<Record<string, Named>>;
  /** Like `resource`: what is looked up. */
  readonly data?: Readonly<Record<string, Named>>;
  readonly provider: Readonly<Record<string, readonly Json[]>>;
  readonly output: Readonly<Record<string, { readonly value?: unknown }>>;
}

/** Reads what synth wrote to `outdir`. */
export function readStackPlans(outdir: string): StackPlan[] {
  const { stacks } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8')) as {
    readonly stacks: Readonly<Record<string, { readonly synthesizedStackPath: string }>>;
  };
  return Object.entries(stacks).map(([name, { synthesizedStackPath }]) => {
    const json = JSON.parse(readFileSync(join(outdir, synthesizedStackPath), 'utf8')) as Partial<StackPlan>;
    const { resource = {}, data = {}, provider = {}, output = {} } = json;
    return { name, resource, data, provider, output };
  });
}
