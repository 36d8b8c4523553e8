/** AdmissionReview (admission.k8s.io/v1) in, answer out. Pure. */
import * as z from 'zod';
import type { Pod } from '../../model/guard/types';

/** What the model decides about a pod. */
export interface Guard {
  /** JSON patch that makes the pod a guarded one; what is wrong with it is left for `refusals` to say. */
  readonly mutate: (pod: Pod) => readonly object[];
  /** The same for a pod that gets new ephemeral containers. */
  readonly mutateEphemeral: (pod: Pod) => readonly object[];
  /** Why neither can be guarded whatever is added, before Kubernetes reads what the patch makes; empty when not known. */
  readonly refusalsAtOnce: (pod: Pod) => readonly string[];
  readonly refusalsOfEphemeralAtOnce: (before: Pod, after: Pod) => readonly string[];
  /** Why a new pod, as it would be stored, can not be kept to its rules; empty when it can. */
  readonly refusals: (pod: Pod) => readonly string[];
  /** Why a running pod may not be changed so; empty when it may. */
  readonly refusalsOfUpdate: (before: Pod, after: Pod) => readonly string[];
}

const object = z.looseObject({
  metadata: z.looseObject({ name: z.string().optional(), generateName: z.string().optional() }).default({}),
  spec: z.looseObject({}),
});

const review = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1),
    resource: z.object({ resource: z.string() }),
    subResource: z.string().optional(),
    namespace: z.string().optional(),
    name: z.string().optional(),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    dryRun: z.boolean().optional(),
    object: object.nullish(),
    oldObject: object.nullish(),
  }),
});

export type AdmissionRequest = z.output<typeof review>['request'];

/** What the webhook says, with what its log says of it. */
export interface Verdict {
  readonly allowed: boolean;
  readonly reasons: readonly string[];
  readonly patch: readonly object[];
}

/** Throws a ZodError for what is no review of a pod. */
export function readReview(body: unknown): AdmissionRequest {
  return review.parse(body).request;
}

/**
 * `POST /mutate`: the patch for a new pod, or for new ephemeral containers. What its author wrote wrongly is refused
 * here; what a later webhook could still put right is for `/validate` to say.
 */
export function mutatePod({ operation, subResource, object, oldObject }: AdmissionRequest, guard: Guard): Verdict {
  if (!object) return { allowed: true, reasons: [], patch: [] };
  const pod = podOf(object);
  if (subResource === 'ephemeralcontainers') {
    const reasons = oldObject ? guard.refusalsOfEphemeralAtOnce(podOf(oldObject), pod) : [];
    return verdict(reasons, () => guard.mutateEphemeral(pod));
  }
  if (operation !== 'CREATE') return { allowed: true, reasons: [], patch: [] };
  return verdict(guard.refusalsAtOnce(pod), () => guard.mutate(pod));
}

function verdict(reasons: readonly string[], patch: () => readonly object[]): Verdict {
  const allowed = reasons.length === 0;
  return { allowed, reasons, patch: allowed ? patch() : [] };
}

/**
 * `POST /validate`: the pod as it would be stored, after all webhooks that change pods. Of an update, of the pod or of
 * its ephemeral containers, only what it changes is judged: a pod from before its namespace was guarded, or of an older
 * guard, can still be labelled, finalised and deleted. An update that doesn't say what was before is judged whole.
 */
export function validatePod({ operation, object, oldObject }: AdmissionRequest, guard: Guard): Verdict {
  if (!object) return { allowed: true, reasons: [], patch: [] };
  const after = podOf(object);
  const reasons =
    operation === 'UPDATE' && oldObject ? guard.refusalsOfUpdate(podOf(oldObject), after) : guard.refusals(after);
  return { allowed: reasons.length === 0, reasons, patch: [] };
}

/** The API server has checked the types of all that it knows before it asks. */
function podOf(object: unknown): Pod {
  return object as Pod;
}

/** The answer's JSON. One message names every reason. */
export function answerReview(uid: string, { allowed, reasons, patch }: Verdict): object {
  const message = `the pod can't be guarded:\n${reasons.map((reason) => `- ${reason}`).join('\n')}`;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(patch.length === 0
        ? {}
        : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch), 'utf8').toString('base64') }),
      ...(allowed ? {} : { status: { code: 403, reason: 'Forbidden', message } }),
    },
  };
}
