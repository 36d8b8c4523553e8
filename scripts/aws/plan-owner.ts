/** Whose a plan is that lies there. */
import { labTag } from '../../model/names';
import { readStackPlans } from './reach/plan';

/** Name of the lab whose AWS stacks synth wrote, by the tags of its provider; undefined for a plan without any. */
export function labOfPlan(outdir: string): string | undefined {
  for (const { provider } of readStackPlans(outdir)) {
    for (const { default_tags: lists } of provider.aws ?? []) {
      for (const entry of Array.isArray(lists) ? lists : [lists]) {
        const tags = (entry as { readonly tags?: Readonly<Record<string, unknown>> } | undefined)?.tags;
        const lab = tags?.[labTag];
        if (typeof lab === 'string') return lab;
      }
    }
  }
  return undefined;
}
