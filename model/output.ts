/**
 * What other programs may rely on in `--json` output. More fields are fine. The same as JSON Schema is in
 * `docs/schema/`; a test compares.
 */
import * as z from 'zod';

const root = z.object({ sha256: z.string(), notAfter: z.iso.datetime() });

const rule = {
  methods: z.array(z.string()).describe('empty: all'),
  paths: z.array(z.string()).describe('empty: all; a slash at the end makes a prefix'),
};
const calls = z.array(z.object({ from: z.string().describe('service, or anybody'), to: z.string(), ...rule }));
const point = z.object({
  at: z.string(),
  object: z.string(),
  enforces: z.enum(['help', 'connections', 'requests']),
});

const pair = { from: z.string().describe('container'), to: z.string().describe('container'), port: z.int() };
/** What an attack is, whether it was played or not. */
const attack = {
  id: z.string(),
  group: z.string(),
  title: z.string(),
  serves: z.array(z.string()).describe('part of the mission, item of NIST SP 800-204A/B or 207A, or public report'),
};

const pairsInPods = z.array(z.object({ pod: z.string().describe('service'), ...pair }));

export const outputs = {
  access: z.object({
    services: z.array(z.string()),
    grants: z.array(
      z.object({
        from: z.string().describe('service, or anybody'),
        to: z.string(),
        rules: z.array(
          z.object({
            row: z.int().nullable().describe('index in the access table; null for what expose: page gives'),
            line: z.int().nullable().describe('in the lab file'),
            ...rule,
          }),
        ),
      }),
    ),
    pods: z
      .array(z.object({ pod: z.string().describe('service'), pairs: z.array(z.object(pair)) }))
      .describe('pods of several containers, with the pairs that guard lets reach one another'),
  }),
  'access-explain': z.object({
    allowed: z.boolean(),
    from: z.string(),
    to: z.string(),
    method: z.string(),
    target: z.string(),
    read: z.string().nullable().describe('target as the rules saw it; null when no rule did'),
    reason: z.enum(['row', 'page', 'no row', 'unreadable', 'upgrade', 'method', 'path', 'not decided']),
    why: z.string(),
    rows: z
      .array(z.object({ row: z.int(), line: z.int().nullable() }))
      .describe('the row that allows, or the rows that were looked at in vain'),
    decidedBy: point
      .nullable()
      .describe(
        "null when no object of this lab is between the two, or a proxy refuses what it can't read before any is asked",
      ),
    points: z.array(point),
  }),
  plan: z.object({
    opens: calls,
    closes: calls,
    inPods: z
      .object({ opens: pairsInPods, closes: pairsInPods })
      .describe('between the containers of a pod, which guard keeps apart'),
    tableApplied: z
      .boolean()
      .describe('whether an applied table is known to compare with; without one all opens, and what closes is unknown'),
    stacks: z
      .array(
        z.object({
          name: z.string(),
          add: z.array(z.string()),
          change: z.array(z.string()),
          replace: z.array(z.string()),
          remove: z.array(z.string()),
          unchanged: z.int(),
        }),
      )
      .nullable()
      .describe('null where Terraform knows'),
  }),
  call: z.object({
    ok: z.boolean(),
    status: z.int().describe('HTTP status that the caller got; 0 when there was no answer'),
    ms: z.number(),
    hops: z.array(
      z.object({
        at: z.string(),
        identity: z.string().nullable().describe("the peer's URI SAN as the proxy at this hop verified it"),
        sni: z.string().nullable(),
      }),
    ),
  }),
  status: z.object({
    meshes: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(['istio', 'consul']),
        trustDomain: z.string(),
        roots: z.array(root),
        healthy: z.boolean(),
      }),
    ),
    peerings: z.array(z.object({ mesh: z.string(), peer: z.string(), state: z.string() })),
    imports: z.array(
      z.object({
        service: z.string(),
        consumer: z.string(),
        endpoints: z.array(z.string()),
        leafExpires: z.iso.datetime().nullable(),
        healthy: z.boolean(),
      }),
    ),
    exports: z.array(
      z.object({
        service: z.string(),
        peer: z.string(),
        identity: z.string().optional().describe('SPIFFE ID by which the peer knows it; exports of Istio only'),
        gateway: z.string().nullable().optional().describe('address and port that the peer calls'),
        leafExpires: z.iso.datetime().nullable().optional(),
        healthy: z.boolean().optional(),
      }),
    ),
    guards: z.array(
      z.object({
        mesh: z.string(),
        namespaces: z.array(z.string()),
        replicas: z.int().describe('of the webhook, ready'),
        certificateExpires: z.iso.datetime().nullable(),
        rotation: z
          .enum(['none', 'prepared', 'overlap'])
          .describe('prepared: a new CA is trusted; overlap: it serves, and the old one is still trusted'),
        healthy: z.boolean(),
      }),
    ),
  }),
  'rotate-root': z.object({
    rotations: z.array(
      z.object({
        mesh: z.string(),
        peer: z.string().describe('mesh that has learnt of the new root'),
        old: z.string().describe('SHA-256'),
        new: z.string().describe('SHA-256'),
        ms: z.int().describe('until the peer trusted it'),
      }),
    ),
  }),
  'rotate-guard': z.object({
    mesh: z.string(),
    followed: z.boolean().describe('whether it was under way already, and none was asked for'),
    old: z.string().describe('SHA-256 of the CA'),
    new: z.string().describe('SHA-256 of the CA'),
    ms: z.int().describe('until the old CA was trusted no more'),
  }),
  'bench-memory': z.object({
    processes: z.number(),
    pss: z.number().describe('proportional set size in MiB, of all'),
    programs: z.array(z.object({ program: z.string(), processes: z.number(), pss: z.number() })),
  }),
  bench: z.object({
    calls: z.array(
      z.object({
        case: z.string(),
        n: z.int(),
        failed: z.int(),
        p50: z.number().describe('milliseconds'),
        p90: z.number(),
        p99: z.number(),
        perSecond: z.number(),
        ratio: z.number().nullable().describe('median as a multiple of the case it is compared with'),
      }),
    ),
  }),
  attack: z.object({
    good: z.boolean().describe('whether all was refused, every control good and every known limit detected'),
    through: z.array(z.string()).describe('ids of attacks that got through on a lab that works'),
    unproven: z
      .array(z.string())
      .describe('ids of attacks that prove nothing: their legitimate step failed, or nobody can be named who refused'),
    unnoticed: z.array(z.string()).describe('ids of known limits that were not detected'),
    attacks: z.array(
      z.object({
        ...attack,
        refused: z.boolean(),
        stoppedBy: z.string().nullable().describe('who stopped it and by what; null when nobody did'),
        evidence: z.array(z.string()).describe('what was tried, what answered, log lines, counters, packets'),
        control: z.object({ ok: z.boolean(), evidence: z.string() }).describe('the same step by the legitimate party'),
        detection: z
          .object({ ok: z.boolean(), evidence: z.string() })
          .optional()
          .describe('of known limits only, which need not be refused'),
        ms: z.number(),
      }),
    ),
    notPlayed: z
      .array(z.object({ id: z.string(), why: z.string() }))
      .describe('attacks that were wanted and that this lab lacks something for; good says nothing of them'),
  }),
  'attack-list': z.object({
    attacks: z.array(
      z.object({
        ...attack,
      }),
    ),
  }),
  leftovers: z.object({
    items: z.array(
      z.object({
        type: z.string().describe('as Terraform names it: aws_ebs_volume'),
        id: z.string(),
        region: z.string().describe('global for IAM'),
        perHour: z.number().nullable().describe('USD; null when the price is not known'),
        name: z.string(),
        why: z.string().describe("which tag, name or VPC makes it the lab's"),
        remove: z.string().describe('command line that removes it'),
      }),
    ),
    unseen: z
      .array(
        z.object({
          service: z.string(),
          reason: z.string(),
          permissions: z.array(z.string()).optional().describe('IAM actions that are missing'),
        }),
      )
      .describe('where it was not possible to look; items may lack things of there'),
  }),
} as const;

/** One output as JSON Schema. Fields that are not named are allowed. */
export function outputSchema(name: keyof typeof outputs): unknown {
  return z.toJSONSchema(outputs[name], { io: 'input' });
}
