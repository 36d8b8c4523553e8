/** Mistakes that work until somebody looks at the wire: none of them may be in any plan. */
import * as fc from 'fast-check';
import { guardNamespace } from '../../model/guard/webhook';
import { resolvedImports } from '../../model/imports';
import { mesh } from '../../model/lab';
import { labOf, labs, localLab, smallFile } from '../support/labs';
import { configEntries, helmValues, kubeObjects, ofKind, type Plan, resources, synthesise } from '../support/synth';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

interface Rule {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly host: string;
    readonly exportTo: readonly string[];
    readonly workloadSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly trafficPolicy: { readonly tls: Tls };
  };
}

interface Tls {
  readonly mode: string;
  readonly sni: string;
  readonly subjectAltNames: readonly string[];
  readonly credentialName?: string;
}

const own = { port: 8080, program: 'a.js' };

/** One consumer of two imports, three consumers of one, and two imports of one name's family. */
const crowded = labOf({
  services: {
    ...smallFile.services,
    'west/one': own,
    'west/apps/two': own,
    'east/atlas': own,
    'east/atlas-2': own,
  },
  access: [
    ...smallFile.access,
    { from: 'west/backend', to: 'east/atlas' },
    { from: 'west/one', to: 'east/info' },
    { from: 'west/apps/two', to: 'east/info', methods: ['GET'], paths: ['/places/'] },
    { from: 'west/apps/two', to: 'east/atlas-2' },
    { from: 'east/info', to: 'west/one', methods: ['GET'] },
    { from: 'east/atlas', to: 'west/one' },
    { from: 'east/info', to: 'west/backend', paths: ['/healthz'] },
  ],
});
const generated = fc.sample(
  labs.filter((lab) => lab.meshes.some((own) => resolvedImports(lab, own).length > 0)),
  { numRuns: 3, seed: 20261124 },
);
const all = [localLab(), crowded, ...generated].map((lab) => ({ lab, plan: synthesise(lab) }));
const each = (check: (plan: Plan) => void) => {
  for (const { plan } of all) check(plan);
};
const rules = (plan: Plan) => ofKind(plan, 'DestinationRule') as unknown as Rule[];
const withCertificate = (plan: Plan) =>
  rules(plan).filter(({ spec }) => spec.trafficPolicy.tls.credentialName !== undefined);
const fallbacks = (plan: Plan) => rules(plan).filter(({ spec }) => spec.workloadSelector === undefined);

test('there is something to look at', () => {
  each((plan) => expect(withCertificate(plan).length).toBeGreaterThan(0));
});

describe('a rule with credentialName', () => {
  test('selects its workload: without, Istio would send in clear', () => {
    each((plan) => {
      for (const { spec } of withCertificate(plan)) {
        expect(Object.entries(spec.workloadSelector?.matchLabels ?? {})).toHaveLength(1);
        expect(spec.workloadSelector?.matchLabels.app).toMatch(/./);
      }
    });
  });

  test('holds in its own namespace only, and carries the certificate of the workload it selects', () => {
    each((plan) => {
      for (const { spec, metadata } of withCertificate(plan)) {
        expect(spec.exportTo).toEqual(['.']);
        const { credentialName = '' } = spec.trafficPolicy.tls;
        expect(credentialName.startsWith(`${spec.workloadSelector?.matchLabels.app}-`)).toBe(true);
        const secrets = ofKind(plan, 'Secret').map((secret) => `${secret.metadata.namespace}/${secret.metadata.name}`);
        expect(secrets).toContain(`${metadata.namespace}/${credentialName}`);
      }
    });
  });

  test('has a fallback for all other workloads of its namespace, with another exportTo, or Istio merges it away', () => {
    each((plan) => {
      for (const { spec, metadata } of withCertificate(plan)) {
        const own = fallbacks(plan).filter(
          (other) => other.spec.host === spec.host && other.metadata.namespace === metadata.namespace,
        );
        expect(own).toHaveLength(1);
        expect(own[0]?.spec.exportTo).toEqual(['*']);
        expect(own[0]?.spec.exportTo).not.toEqual(spec.exportTo);
      }
    });
  });
});

test('a fallback has no certificate and a name that no server has', () => {
  each((plan) => {
    for (const { spec } of fallbacks(plan)) {
      expect(spec.trafficPolicy).toEqual({
        tls: { mode: 'SIMPLE', sni: 'refused.invalid', subjectAltNames: ['refused.invalid'] },
      });
    }
  });
});

test('a rule with sni has names to check, each a whole identity of the one callee', () => {
  each((plan) => {
    for (const { spec } of rules(plan)) {
      expect(spec.trafficPolicy.tls.sni).toMatch(/./);
      expect(spec.trafficPolicy.tls.subjectAltNames).toHaveLength(1);
    }
    for (const { spec } of withCertificate(plan)) {
      const { mode, sni, subjectAltNames } = spec.trafficPolicy.tls;
      expect(mode).toBe('MUTUAL');
      const [, service = '', domain = ''] =
        /^([a-z0-9-]+)\.default\.default\.[a-z0-9-]+\.external\.(.+)$/.exec(sni) ?? [];
      expect(subjectAltNames[0]).toMatch(new RegExp(`^spiffe://${domain}/ns/default/dc/[a-z0-9-]+/svc/${service}$`));
      expect(spec.host.startsWith(`${service}.`)).toBe(true);
    }
  });
});

describe("Consul's trust domain and roots", () => {
  test('are known to rules of its services only, never to the mesh as a whole', () => {
    for (const { lab, plan } of all) {
      const foreign = lab.meshes.filter(({ kind }) => kind === 'consul').map(({ trustDomain }) => trustDomain);
      for (const { name, text } of plan.stacks) {
        expect(text).not.toMatch(/trustDomainAliases|caCertificates|trustAnchors/);
        if (name.startsWith('mesh-') && mesh(lab, name.slice('mesh-'.length)).kind === 'istio') {
          for (const domain of foreign) expect(text).not.toContain(domain);
        }
      }
      const settings = resources(plan)
        .filter(({ values }) => values.name === 'istiod')
        .flatMap(helmValues);
      expect(JSON.stringify(settings)).toContain('"trustDomain":"cluster.local"');
    }
  });
});

describe('the federation gateway', () => {
  interface Server {
    readonly port: { readonly number: number; readonly protocol: string };
    readonly hosts: readonly string[];
    readonly tls: {
      readonly mode: string;
      readonly credentialName: string;
      readonly subjectAltNames: readonly string[];
    };
  }
  const gateways = (plan: Plan) => ofKind(plan, 'Gateway').filter(({ metadata }) => metadata.name !== 'page');
  const servers = (plan: Plan) => gateways(plan).flatMap(({ spec }) => (spec as { servers: Server[] }).servers);

  test('has one server and one Secret for each name, asks for a certificate, and names who may connect', () => {
    expect(all.flatMap(({ plan }) => servers(plan)).length).toBeGreaterThan(1);
    each((plan) => {
      const found = servers(plan);
      for (const { port, hosts, tls } of found) {
        expect(port).toMatchObject({ number: 15443, protocol: 'HTTPS' });
        expect(hosts).toHaveLength(1);
        expect(hosts[0]).toMatch(/^\.\/[a-z0-9-]+\.default\.default\.[a-z0-9-]+\.external\.[a-f0-9-]{36}\.consul$/);
        expect(tls.mode).toBe('MUTUAL');
        expect(tls.subjectAltNames.length).toBeGreaterThan(0);
        for (const name of tls.subjectAltNames) expect(name).toMatch(/^spiffe:\/\/[a-f0-9-]{36}\.consul\/ns\/[^*]+$/);
        const secret = ofKind(plan, 'Secret').filter(({ metadata }) => metadata.name === tls.credentialName);
        expect(secret.map(({ metadata }) => metadata.namespace)).toEqual(['federation-gateway']);
      }
      expect(new Set(found.map(({ tls }) => tls.credentialName)).size).toBe(found.length);
      expect(new Set(found.map(({ hosts }) => hosts[0])).size).toBe(found.length);
    });
  });

  test('is there only when something is exported, and then refuses by default', () => {
    each((plan) => {
      const namespaces = resources(plan).filter(({ type }) => type === 'kubernetes_namespace_v1');
      const made = namespaces.some(({ values }) => (values.metadata as { name: string }).name === 'federation-gateway');
      expect(made).toBe(servers(plan).length > 0);
      const denies = ofKind(plan, 'AuthorizationPolicy').filter(({ metadata }) => metadata.name === 'deny-all');
      expect(denies.map(({ metadata }) => metadata.namespace).toSorted()).toEqual(
        [...(made ? ['federation-gateway'] : []), 'istio-system'].toSorted(),
      );
    });
  });

  test('lets the trust exchange write the Secrets of the exports by name, and read its own Deployment', () => {
    const [plan] = all.filter(({ lab }) => lab === crowded).map((one) => one.plan);
    if (plan === undefined) throw new Error('no plan');
    const [role] = ofKind(plan, 'Role').filter(({ metadata }) => metadata.namespace === 'federation-gateway');
    expect(role?.rules).toEqual([
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['backend-east-export', 'one-east-export'],
        verbs: ['get', 'update', 'patch'],
      },
      { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['federation-gateway'], verbs: ['get'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ]);
    const [admission] = ofKind(plan, 'ValidatingAdmissionPolicy').filter(({ metadata }) =>
      metadata.name.endsWith('-secrets'),
    );
    const text = JSON.stringify(admission);
    for (const name of ['backend', 'one']) expect(text).toContain(`'federation-gateway/${name}-east-export'`);
  });
});

describe('an AuthorizationPolicy', () => {
  test('matches by exact principals of its own trust domain, never by namespace', () => {
    each((plan) => {
      for (const policy of ofKind(plan, 'AuthorizationPolicy')) {
        const text = JSON.stringify(policy);
        expect(text).not.toMatch(/"namespaces"|"notNamespaces"/);
        for (const [, list = ''] of text.matchAll(/"principals":\[([^\]]*)\]/g)) {
          const own = /^("cluster\.local\/ns\/[a-z0-9-]+\/sa\/[a-z0-9-]+",?)+$/;
          // Foreign callers are known at the federation gateway only.
          const foreign = /^("[a-f0-9-]{36}\.consul\/ns\/default\/dc\/[a-z0-9-]+\/svc\/[a-z0-9-]+",?)+$/;
          expect(list).toMatch(policy.metadata.namespace === 'federation-gateway' ? foreign : own);
        }
      }
    });
  });

  test('stands before every workload of Istio, and one before all that denies', () => {
    each((plan) => {
      const policies = ofKind(plan, 'AuthorizationPolicy');
      // The guard's webhook is outside the mesh.
      const workloads = ofKind(plan, 'Deployment').filter(({ metadata }) => metadata.namespace !== guardNamespace);
      for (const { metadata } of workloads) {
        expect(policies.map(({ metadata: of }) => of)).toContainEqual(metadata);
      }
      expect(policies).toContainEqual(
        expect.objectContaining({ metadata: { name: 'deny-all', namespace: 'istio-system' }, spec: {} }),
      );
      expect(ofKind(plan, 'PeerAuthentication').map(({ spec }) => spec)).toEqual([{ mtls: { mode: 'STRICT' } }]);
    });
  });
});

describe('an import', () => {
  test('is external, or Istio would use its own certificates, and shown to its consumers only', () => {
    each((plan) => {
      for (const entry of ofKind(plan, 'ServiceEntry').filter(({ metadata }) => metadata.namespace === 'federation')) {
        const spec = entry.spec as { location: string; exportTo: string[]; hosts: string[] };
        expect(spec.location).toBe('MESH_EXTERNAL');
        expect(spec.exportTo.length).toBeGreaterThan(0);
        expect(spec.exportTo).not.toContain('*');
        const consumers = withCertificate(plan).filter((rule) => rule.spec.host === spec.hosts[0]);
        expect(new Set(spec.exportTo)).toEqual(new Set(consumers.map(({ metadata }) => metadata.namespace)));
      }
    });
  });

  test('shares its namespace with imports only', () => {
    each((plan) => {
      const kinds = kubeObjects(plan).filter(({ metadata }) => metadata.namespace === 'federation');
      expect(new Set(kinds.map(({ kind }) => kind))).toEqual(
        new Set(['ServiceEntry', 'Role', 'RoleBinding', 'NetworkPolicy']),
      );
    });
  });

  test('of one consumer with another makes no second Secret', () => {
    const secrets = ofKind(synthesise(crowded), 'Secret').map(
      ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
    );
    expect(secrets.toSorted()).toEqual([
      'apps/two-east-federation',
      'backend/backend-east-federation',
      'federation-gateway/backend-east-export',
      'federation-gateway/one-east-export',
      'guard/guard-webhook-tls',
      'one/one-east-federation',
    ]);
  });
});

describe('the trust exchange', () => {
  interface Role {
    readonly metadata: { readonly namespace: string };
    readonly rules: readonly {
      readonly resources: string[];
      readonly verbs: string[];
      readonly resourceNames?: string[];
    }[];
  }
  const roles = (plan: Plan) =>
    ofKind(plan, 'Role').filter(({ metadata: { name } }) => name.endsWith('-exchange')) as unknown as Role[];

  test('may write the Secrets of its consumers by name, and make none', () => {
    each((plan) => {
      const secrets = ofKind(plan, 'Secret')
        .filter(({ metadata }) => metadata.namespace !== guardNamespace)
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
      const named = roles(plan).flatMap(({ metadata, rules }) =>
        rules
          .filter((rule) => rule.resources.includes('secrets'))
          .flatMap(({ verbs, resourceNames = [] }) => {
            expect(verbs).toEqual(['get', 'update', 'patch']);
            expect(resourceNames.length).toBeGreaterThan(0);
            return resourceNames.map((name) => `${metadata.namespace}/${name}`);
          }),
      );
      expect(named.toSorted()).toEqual(secrets.toSorted());
    });
  });

  test('deletes and labels WorkloadEntries of its own imports only', () => {
    each((plan) => {
      const rules = (suffix: string) =>
        ofKind(plan, 'ValidatingAdmissionPolicy')
          .filter(({ metadata }) => metadata.name.endsWith(suffix))
          .map(({ spec }) => JSON.stringify(spec));
      const [written = '', ...others] = rules('-entries');
      expect(others).toEqual([]);
      // One without the label would be none that the exchange lists, and so never goes.
      expect(written).toContain("has(object.metadata.labels) && object.metadata.labels == {'isthmus.dev/import': n}");
      for (const name of ['-entries', '-secrets']) {
        for (const field of ['ownerReferences', 'finalizers', 'annotations']) {
          expect(rules(name).join()).toContain(`oldObject.metadata.${field}`);
        }
      }
      const [deleted = '', ...more] = rules('-entry-deletions');
      expect(more).toEqual([]);
      expect(deleted).toContain('"operations":["DELETE"]');
      expect(deleted).toContain("oldObject.metadata.labels['isthmus.dev/import'] in ['");
      expect(JSON.stringify(ofKind(plan, 'ValidatingAdmissionPolicyBinding'))).toContain(
        '-entry-deletions","validationActions":["Deny"]',
      );
    });
  });

  test('has no right over everything, in any rule', () => {
    each((plan) => {
      expect(roles(plan).length).toBeGreaterThan(0);
      expect(ofKind(plan, 'ClusterRole').map(({ metadata }) => metadata.name)).toEqual(['guard-keeper']);
      expect(JSON.stringify(roles(plan).map(({ rules }) => rules))).not.toContain('"*"');
    });
  });
});

describe("the guard's webhook", () => {
  test('has no token and no right, for who writes its configurations can become anybody', () => {
    each((plan) => {
      const bindings = [...ofKind(plan, 'RoleBinding'), ...ofKind(plan, 'ClusterRoleBinding')];
      expect(JSON.stringify(bindings)).not.toContain('"guard-webhook"');
      const pod = ofKind(plan, 'Deployment').find(({ metadata }) => metadata.name === 'guard-webhook');
      expect(JSON.stringify(pod)).toContain('"secretName":"guard-webhook-tls"');
      expect(JSON.stringify(pod)).not.toMatch(/serviceAccountToken"|serviceaccount/);
      const policies = ofKind(plan, 'NetworkPolicy').filter(({ metadata }) => metadata.namespace === 'guard');
      const spec = (name: string) => policies.find(({ metadata }) => metadata.name === name)?.spec;
      expect(spec('guard-webhook')).toMatchObject({ egress: [] });
      expect(spec('guard-keeper')).toMatchObject({ ingress: [] });
    });
  });

  test('has a keeper that may write its Secret and its two configurations, and make none', () => {
    each((plan) => {
      const rules = [...ofKind(plan, 'Role'), ...ofKind(plan, 'ClusterRole')]
        .filter(({ metadata }) => metadata.name === 'guard-keeper')
        .flatMap((role) => role.rules as object[]);
      expect(rules).toEqual([
        { apiGroups: [''], resources: ['secrets'], resourceNames: ['guard-webhook-tls'], verbs: ['get', 'update'] },
        {
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
          resourceNames: ['pod-guard'],
          verbs: ['get', 'patch'],
        },
      ]);
    });
  });

  test('is asked about every pod of a guarded namespace, whatever its labels, but never about its own', () => {
    each((plan) => {
      for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
        const [configuration, ...more] = ofKind(plan, kind);
        expect(more).toEqual([]);
        const [webhook, ...others] = (configuration?.webhooks ?? []) as Readonly<Record<string, unknown>>[];
        expect(others).toEqual([]);
        expect(webhook).toMatchObject({ failurePolicy: 'Fail', matchPolicy: 'Equivalent', sideEffects: 'None' });
        expect(webhook).not.toHaveProperty('objectSelector');
        expect(webhook).not.toHaveProperty('matchConditions');
        expect(webhook?.namespaceSelector).toEqual({
          matchLabels: { 'guard.isthmus.dev/enforce': 'true' },
          matchExpressions: [
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['guard', 'kube-system'] },
          ],
        });
      }
    });
  });
});

test('every pod runs as a user of its own, without rights, on a root that is read-only', () => {
  each((plan) => {
    for (const { spec } of [...ofKind(plan, 'Deployment'), ...ofKind(plan, 'StatefulSet')]) {
      const pod = (spec as { template: { spec: Record<string, never> } }).template.spec;
      const { containers = [], initContainers = [], ...rest } = pod as Record<string, { securityContext: object }[]>;
      expect(rest).toMatchObject({ automountServiceAccountToken: false });
      expect(rest.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const { securityContext } of [...containers, ...initContainers]) {
        expect(securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });
});

describe('Consul', () => {
  test('shows nothing and lets nothing in but what a row says', () => {
    for (const { lab, plan } of all) {
      const entries = configEntries(plan);
      const names = (kind: string) => entries.filter(({ Kind }) => Kind === kind).map(({ Name }) => Name);
      const east = lab.meshes.find(({ kind }) => kind === 'consul')?.name ?? '';
      const called = new Set(
        lab.access.filter(({ to }) => to.startsWith(`${east}/`)).map(({ to }) => to.split('/')[2]),
      );
      const pages = lab.services.filter((one) => one.mesh === east && one.expose === 'page').map(({ name }) => name);
      expect(new Set(names('service-intentions'))).toEqual(new Set([...called, ...pages]));
      expect(names('service-intentions')).not.toContain('*');
      expect(entries).toContainEqual({ Kind: 'mesh', Name: 'mesh', Peering: { PeerThroughMeshGateways: true } });
      for (const entry of entries.filter(({ Kind }) => Kind === 'service-defaults')) expect(entry.Protocol).toBe('tcp');
    }
  });

  test('never has the federation plane peer through a gateway: it would dial its own', () => {
    each((plan) => {
      const plane = kubeObjects(plan).filter(({ metadata }) => metadata.namespace?.startsWith('plane-'));
      expect(plane.length).toBeGreaterThan(0);
      expect(JSON.stringify(plane)).not.toContain('PeerThroughMeshGateways');
    });
  });
});
