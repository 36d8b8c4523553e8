/** The shape of a lab file, entry by entry, so that a fault in one entry does not hide those of the next. */
import { z } from 'zod';
import { isRepository } from './charts';
import { methods, platforms } from './lab';
import { allowedPath, pathFault } from './row-path';
import { address, cidr } from './schema-address';
import { awsMeshSchema } from './schema-aws';

export const label = z.string().regex(/^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/, {
  error: 'must be 1 to 30 of a-z, 0-9 and -, starting with a letter and not ending in -',
});

const environmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  error: 'must be the name of an environment variable: letters, digits and _, not starting with a digit',
});

/** Text that YAML, Helm and a process's environment all carry as it is. */
export const plainText = z
  .string()
  .regex(/^(?:[\t\n]|[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\ufeff])*$/u, {
    error: 'must be text without control characters',
  });

const port = z.int().min(1024).max(65535);

export const network = cidr('network', { from: 12, to: 20 }, '10.10.0.0/16');

/** SPIFFE specification, section 2.1. */
const trustDomain = z.string().regex(/^[a-z0-9._-]{1,255}$/, { error: 'must be 1 to 255 of a-z, 0-9, ., - and _' });

const chartsSchema = z.strictObject({
  source: z
    .string()
    .min(1)
    .refine((text) => isRepository(text) || !text.includes('://'), {
      error: 'must be a folder of charts, or the address of a repository (https:, oci:)',
    })
    .optional(),
  version: z.string().min(1).optional(),
  values: z.record(z.string(), z.string().min(1)).default({}),
});

const kubeLabels = z.record(
  z.string().regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/),
  z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, { error: 'must be the value of a label' }),
);

export const meshSchema = z.strictObject({
  kind: z.enum(['istio', 'consul']),
  network,
  platform: z.enum(platforms).optional(),
  datacenter: label.optional(),
  existing: z.boolean().optional(),
  trustDomain: trustDomain.optional(),
  kubeconfig: z.string().min(1).optional(),
  context: z.string().min(1).optional(),
  gateway: address.optional(),
  servers: z.union([z.literal(1), z.literal(3)], { error: 'must be 1 or 3' }).optional(),
  charts: chartsSchema.optional(),
  aws: awsMeshSchema.optional(),
});

const runs = {
  program: z.string().min(1).optional(),
  image: z.string().min(1).optional(),
};

const env = z.record(environmentName, plainText).default({});

const containerSchema = z.strictObject({ port: port.optional(), ...runs, env });

const pairSchema = z.strictObject({ from: z.string(), to: z.string(), port: z.int().min(1).max(65535) });

export const serviceSchema = z.strictObject({
  port,
  ...runs,
  expose: z.enum(['page']).optional(),
  env,
  secrets: z.record(environmentName, label).default({}),
  account: label.optional(),
  labels: kubeLabels.optional(),
  health: z
    .string()
    .regex(/^\/[A-Za-z0-9/._-]*$/, { error: 'must be a plain path such as /healthz' })
    .default('/healthz'),
  replicas: z.int().min(1).max(20).default(1),
  containers: z.record(label, containerSchema).default({}),
  guard: z.array(pairSchema).default([]),
});

/** A path as it is after normalisation: anything a proxy would rewrite before it compares is refused here. */
const path = z.string().superRefine((text, context) => {
  const fault = pathFault(text);
  if (fault === undefined) return;
  context.addIssue({ code: 'custom', input: text, message: allowedPath, params: fault });
});

export const accessSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  methods: z.array(z.enum(methods)).min(1).default([]),
  paths: z.array(path).min(1).default([]),
});

export const settingsSchema = z.strictObject({
  drainSeconds: z.int().min(1).max(3600).default(10),
  pagePort: port.default(8080),
  apiPort: port.default(16443),
});

export const imagesSchema = z.strictObject({
  node: z.string().min(1).optional(),
  consul: z.string().min(1).optional(),
  guard: z.string().min(1).optional(),
  proxies: z.array(z.string().min(1)).default([]),
});

/** Keys of the file itself; the entries below `meshes`, `services` and `access` are read one by one. */
export const labSchema = z.strictObject({
  name: z.string().regex(/^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/, {
    error: 'must be 1 to 20 of a-z, 0-9 and -, starting with a letter and not ending in -',
  }),
  platform: z.enum(platforms),
  aws: z.unknown().optional(),
  images: z.unknown().optional(),
  meshes: z.record(z.string(), z.unknown()),
  services: z.record(z.string(), z.unknown()).default({}),
  access: z.array(z.unknown()).default([]),
  settings: z.unknown().optional(),
});
