/** The model with the cluster's configuration, which the plan gives in the environment. */
import * as z from 'zod';
import { mutate, mutateEphemeral } from '../../model/guard/mutate';
import { refusals, refusalsAtOnce, refusalsOfEphemeralAtOnce, refusalsOfUpdate } from '../../model/guard/pod';
import type { GuardConfig } from '../../model/guard/types';
import { guardConfigVariable } from '../../model/guard/webhook';
import type { Guard } from './review';

const config = z.object({
  image: z.string().min(1),
  imagePullPolicy: z.string().exactOptional(),
  proxies: z.array(z.object({ kind: z.enum(['istio', 'consul']), images: z.array(z.string()) })),
  probeSources: z.array(z.string()).exactOptional(),
});

/** Throws when the plan gave none. */
export function guardOf(env: NodeJS.ProcessEnv): Guard {
  const text = env[guardConfigVariable];
  if (text === undefined) throw new Error(`${guardConfigVariable} is not set; the plan sets it in the Deployment`);
  const read: GuardConfig = config.parse(JSON.parse(text));
  return {
    mutate: (pod) => mutate(pod, read),
    mutateEphemeral,
    refusalsAtOnce: (pod) => refusalsAtOnce(pod, read),
    refusalsOfEphemeralAtOnce: (before, after) => refusalsOfEphemeralAtOnce(before, after, read),
    refusals: (pod) => refusals(pod, read),
    refusalsOfUpdate: (before, after) => refusalsOfUpdate(before, after, read),
  };
}
