/** The way from the ingress gateway to the service that is the lab's page. */
import { pagePolicy } from '../../model/access/istio';
import type { KubeObject } from '../../model/kube';
import type { Service } from '../../model/lab';
import { ingressNamespace } from '../../model/names';

export function pageObjects(service: Service): KubeObject[] {
  const host = `${service.name}.${service.namespace}.svc.cluster.local`;
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'page', namespace: ingressNamespace },
      spec: {
        selector: { istio: 'ingress' },
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'page', namespace: ingressNamespace },
      spec: { hosts: ['*'], gateways: ['page'], http: [{ route: [{ destination: { host, port: { number: 80 } } }] }] },
    },
    pagePolicy,
  ];
}
