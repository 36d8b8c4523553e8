import * as fc from 'fast-check';
import { authorizationPolicy, sidecarEgress } from '../../../model/access/istio';
import { grantsFrom } from '../../../model/access/table';
import { mesh, type Service, service } from '../../../model/lab';
import { labOf, labs, localLab, smallFile } from '../../support/labs';

const backend = 'west/backend/backend';
const noUpgrade = { key: 'request.headers[upgrade]', notValues: ['*'] };

describe('the AuthorizationPolicy of a service', () => {
  test('names the caller by its exact principal, with methods and paths', () => {
    const lab = localLab();
    expect(authorizationPolicy(lab, service(lab, backend), 'cluster.local')).toEqual({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'backend', namespace: 'backend' },
      spec: {
        selector: { matchLabels: { app: 'backend' } },
        action: 'ALLOW',
        rules: [
          {
            from: [{ source: { principals: ['cluster.local/ns/frontend/sa/frontend'] } }],
            to: [{ operation: { methods: ['GET'], paths: ['/api/*'], ports: ['8080'] } }],
            when: [noUpgrade],
          },
          // All that foreign callers may do: which of them may what is decided at the gateway.
          {
            from: [{ source: { principals: ['cluster.local/ns/federation-gateway/sa/federation-gateway'] } }],
            to: [{ operation: { methods: ['GET'], paths: ['/healthz'], ports: ['8080'] } }],
            when: [noUpgrade],
          },
        ],
      },
    });
  });

  test('has no condition but the port when a row allows everything, even beside one that does not', () => {
    const row = { from: 'west/frontend', to: 'west/backend' };
    const rows = labOf({ access: [row] }).access;
    const lab = { ...labOf({}), access: [...rows.map((one) => ({ ...one, methods: ['GET' as const] })), ...rows] };
    const { rules } = authorizationPolicy(lab, service(lab, backend), 'cluster.local').spec as { rules: unknown };
    expect(rules).toEqual([
      {
        from: [{ source: { principals: ['cluster.local/ns/frontend/sa/frontend'] } }],
        to: [{ operation: { ports: ['8080'] } }],
      },
    ]);
  });

  test('has no rule, which admits nobody, when no row names the service', () => {
    const lab = labOf({ access: [] });
    expect(authorizationPolicy(lab, service(lab, backend), 'cluster.local').spec).toMatchObject({
      action: 'ALLOW',
      rules: [],
    });
  });

  test('lets the ingress gateway ask a page with GET and HEAD', () => {
    const lab = localLab();
    expect(authorizationPolicy(lab, service(lab, 'west/frontend/frontend'), 'cluster.local').spec).toMatchObject({
      rules: [
        {
          from: [{ source: { principals: ['cluster.local/ns/istio-ingress/sa/istio-ingress'] } }],
          to: [{ operation: { methods: ['GET', 'HEAD'], ports: ['8080'] } }],
        },
      ],
    });
  });

  test("opens the service's own port and no other of the pod, whatever the rows say", () => {
    fc.assert(
      fc.property(labs, (lab) => {
        for (const callee of lab.services) {
          const { rules } = authorizationPolicy(lab, callee, 'cluster.local').spec as {
            rules: readonly { readonly to?: readonly { readonly operation: { readonly ports?: unknown } }[] }[];
          };
          for (const { to = [] } of rules) {
            expect(to.length).toBeGreaterThan(0);
            for (const { operation } of to) expect(operation.ports).toEqual([String(callee.port)]);
          }
        }
      }),
    );
  });

  test('never matches by namespace, which a Consul identity could satisfy, nor by a pattern of principals', () => {
    fc.assert(
      fc.property(labs, (lab) => {
        for (const callee of lab.services) {
          const text = JSON.stringify(authorizationPolicy(lab, callee, mesh(lab, callee.mesh).trustDomain));
          expect(text).not.toMatch(/"(namespaces|notPrincipals|ipBlocks|requestPrincipals)"/);
          for (const [, principals] of text.matchAll(/"principals":\[([^\]]*)\]/g))
            expect(principals).not.toContain('*');
        }
      }),
    );
  });
});

describe('the Sidecar of a service', () => {
  const hosts = (of: Service, outside: string[] = [], lab = localLab()) => {
    const { egress } = sidecarEgress(lab, of, outside).spec as { egress: { hosts: string[] }[] };
    return egress.map((entry) => entry.hosts);
  };

  test('knows what the table lets it call, in its mesh and across the border', () => {
    const lab = localLab();
    expect(hosts(service(lab, 'west/frontend/frontend'))).toEqual([['backend/backend.backend.svc.cluster.local']]);
    expect(hosts(service(lab, backend))).toEqual([['*/info.east.example', 'isthmus-bench/*']]);
  });

  test('knows the hosts outside that it was given, and no other', () => {
    expect(hosts(service(localLab(), backend), ['api.example.org'])[0]).toContain('./api.example.org');
  });

  test('knows nothing, not everything, when no row lets it call', () => {
    const lab = labOf({ ...smallFile, access: [] });
    expect(hosts(service(lab, backend), [], lab)).toEqual([['~/*']]);
  });

  test('holds one host for each grant, and no pattern over all', () => {
    fc.assert(
      fc.property(labs, (lab) => {
        for (const one of lab.services) {
          const [list = []] = hosts(one, [], lab);
          const callable = list.filter((host) => host !== '~/*' && host !== 'isthmus-bench/*');
          expect(callable).toHaveLength(grantsFrom(lab, one).length);
          expect(list.length).toBeGreaterThan(0);
          expect(list).not.toContain('*/*');
        }
      }),
    );
  });
});
