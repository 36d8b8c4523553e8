/** A synthesised plan as Terraform gets it: one JSON document a stack. */
import { readPlanJson, readStackFiles } from '../../plan/stacks';

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
  return readStackFiles(outdir).map(({ name, file }) => {
    const json = readPlanJson<Partial<StackPlan>>(file);
    const { resource = {}, data = {}, provider = {}, output = {} } = json;
    return { name, resource, data, provider, output };
  });
}
