/** The shape of what a lab file says about AWS. */
import { z } from 'zod';
import { controlPlaneLogTypes } from './aws';
import { address, cidr } from './schema-address';

/** Name of an AWS region. */
export const region = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'must be the name of a region, such as eu-north-1' });

const source = cidr('range', { from: 8, to: 32 }, '203.0.113.7/32');

const id = (prefix: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), { error: `must be an id such as ${prefix}-0123456789abcdef0` });

const arn = z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/, {
  error: 'must be the ARN of an IAM role or user',
});

/** Days that CloudWatch Logs can keep a log. */
const retention = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const days = z.int().refine((value) => retention.includes(value), { error: `must be one of ${retention.join(', ')}` });

const tagText = (longest: number) =>
  z.string().regex(new RegExp(`^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]{1,${longest}}$`, 'u'), {
    error: `must be 1 to ${longest} letters, digits, spaces and _ . : / = + - @`,
  });

/** AWS allows 50 on one thing; the lab, EKS and its drivers bring theirs. */
const mostTags = 30;

const tags = z
  .record(
    // What begins with kubernetes.io the volume driver refuses to start with.
    tagText(128).refine((key) => !/^(aws:|isthmus\.dev\/|kubernetes\.io)|=/i.test(key), {
      error: 'must not start with aws:, isthmus.dev/ or kubernetes.io, nor contain =',
    }),
    tagText(256),
  )
  .refine((all) => Object.keys(all).length <= mostTags, { error: `must be ${mostTags} tags at most` })
  // IAM does not tell upper from lower case.
  .refine((all) => allDifferent(Object.keys(all).map((key) => key.toLowerCase())), {
    error: 'must be tags that differ in more than upper and lower case',
  });

/** A list that names nothing twice. */
const distinct = <T extends z.ZodType<string>>(item: T) =>
  z.array(item).refine(allDifferent, { error: 'must be a list that names nothing twice' });

function allDifferent(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

const nodes = z
  .strictObject({
    type: z
      .string()
      .regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, { error: 'must be an EC2 instance type such as t3.medium' })
      .default('t3.medium'),
    min: z.int().min(1).max(100).default(2),
    desired: z.int().min(1).max(100).default(2),
    max: z.int().min(1).max(100).default(3),
    disk: z.int().min(20).max(16_384).default(100),
    spot: z.boolean().default(false),
  })
  .refine(({ min, desired, max }) => min <= desired && desired <= max, {
    error: 'must have min ≤ desired ≤ max',
  });

const border = z.union(
  [
    z.literal('peering').transform(() => ({ mode: 'peering' as const })),
    z.literal('privatelink').transform(() => ({ mode: 'privatelink' as const })),
    z
      .strictObject({ public: z.array(source).min(1) })
      .transform(({ public: from }) => ({ mode: 'public' as const, from })),
  ],
  { error: 'must be peering, privatelink, or {public: [ranges that may connect]}' },
);

const state = z.union(
  [
    z.literal('local').transform(() => ({ kind: 'local' as const })),
    z
      .strictObject({
        bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
        region,
        // Terraform refuses keys that begin with a slash.
        prefix: z
          .string()
          .regex(/^([\w!.*'()-]+\/)*$/)
          .default(''),
      })
      .transform((s3) => ({ kind: 's3' as const, ...s3 })),
  ],
  { error: 'must be local, or {bucket, region, prefix}, where prefix ends in / and does not begin with it' },
);

/** The section `aws` of a lab file. */
export const awsSchema = z.strictObject({
  region,
  zones: z
    .array(
      z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, { error: 'must be the name of a zone, such as eu-north-1a' }),
    )
    .min(3)
    .max(6)
    .optional(),
  kubernetes: z
    .string()
    .regex(/^1\.\d{2}$/, { error: 'must be a minor version in quotes, such as "1.35"' })
    .optional(),
  nodes: nodes.default({ type: 't3.medium', min: 2, desired: 2, max: 3, disk: 100, spot: false }),
  nat: z.enum(['one', 'per-zone']).default('one'),
  endpoints: distinct(
    z.string().regex(/^[a-z0-9.-]+$/, { error: 'must be the short name of an AWS service, such as ecr.api' }),
  ).default([]),
  flowLogDays: z
    .union([z.literal(0), days], { error: `must be 0 for none, or one of ${retention.join(', ')}` })
    .default(0),
  logs: z
    .strictObject({
      types: z.array(z.enum(controlPlaneLogTypes)).default(['audit', 'authenticator']),
      days: days.default(7),
    })
    .default({ types: ['audit', 'authenticator'], days: 7 }),
  // No default: an API that nobody reaches can not be installed on, and one open to all is nobody's wish.
  apiFrom: z.array(source),
  pageFrom: z.array(source).default([]),
  admins: z.array(arn).default([]),
  border: border.default({ mode: 'peering' }),
  tags: tags.default({}),
  state: state.default({ kind: 'local' }),
});

/** What a mesh says about AWS. */
export const awsMeshSchema = z.strictObject({
  vpc: z
    .strictObject({
      id: id('vpc'),
      privateSubnets: distinct(id('subnet')).min(2),
      publicSubnets: distinct(id('subnet')).min(2),
      routeTables: distinct(id('rtb')).min(1),
    })
    .optional(),
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, { error: 'must be the name of an EKS cluster' })
    .optional(),
  elasticIp: z
    .strictObject({
      allocation: id('eipalloc'),
      address,
    })
    .optional(),
});
