import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { ingressListener, serviceDefaults, serviceIntentions } from '../../model/access/consul';
import { publicListener } from '../../model/access/envoy';
import { programEnvironment, upstreamsOf } from '../../model/consul-hosts';
import { guardedNamespaces } from '../../model/guard/namespaces';
import { sidecarPort } from '../../model/hosts';
import type { KubeObject } from '../../model/kube';
import { type Lab, mesh as meshOf, podLabels, type Service } from '../../model/lab';
import { consulServicePolicy } from '../../model/network-policy/consul';
import { guardAnnotations, serviceGuard } from '../guard/pod';
import { confinedPod } from '../helm/confined';
import { Objects } from '../helm/objects';
import {
  pairVariables,
  programAnnotation,
  programContainer,
  programFiles,
  programVariables,
  programVolumes,
  sideContainers,
} from '../helm/program';
import { admissionPolicy, metadataIn, namespaceNamed, podBindings, podUpdates } from '../kube/admission-policy';
import { httpService } from '../kube/service';
import { serviceAccount } from '../kube/service-account';
import type { Programs } from '../programs';
import { customResource } from './resource';

export interface ConsulPodProps {
  readonly lab: Lab;
  readonly service: Service;
  /** The bundled programs of its pod. */
  readonly programs: Programs;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

const annotation = (name: string) => `consul.hashicorp.com/${name}`;
const listenerAnnotation = annotation('proxy-config-map');

/** A service of a Consul mesh on Kubernetes: account, Deployment, Service, and who may call it. */
export class ConsulPod extends Construct {
  constructor(scope: Construct, id: string, props: ConsulPodProps) {
    super(scope, id);
    const { lab, service } = props;
    const { name, namespace } = service;
    const intentions = serviceIntentions(lab, service);
    const entries = [
      serviceDefaults(service),
      ...(intentions === undefined ? [] : [intentions]),
      ...(service.expose === 'page' ? [ingressListener(service)] : []),
    ];
    new Objects(this, 'Objects', {
      releaseName: name,
      namespace,
      ...programFiles(props.programs),
      objects: [
        serviceAccount(service),
        ...entries.map((entry) => customResource(entry, namespace)),
        ...listenerGuard(lab, service),
        consulServicePolicy(lab, service),
        httpService(service, podLabels(service), service.port),
        deployment(props),
      ],
      ...(props.dependsOn === undefined ? {} : { dependsOn: props.dependsOn }),
    });
  }
}

function listenerConfig(lab: Lab, service: Service): string {
  return JSON.stringify({
    envoy_public_listener_json: JSON.stringify(publicListener(lab, service, '0.0.0.0', sidecarPort)),
  });
}

function deployment({ lab, service, programs }: ConsulPodProps): KubeObject {
  const { name, namespace, port, health, replicas } = service;
  const labels = { app: name };
  const upstreams = upstreamsOf(lab, service).map(({ callee, port: at, peer }) =>
    peer === undefined ? `${callee.name}:${at}` : `${callee.name}.svc.${peer}.peer:${at}`,
  );
  const annotations = {
    ...programAnnotation(programs),
    ...(guardedNamespaces(lab, meshOf(lab, service.mesh)).includes(namespace)
      ? guardAnnotations(serviceGuard(service))
      : {}),
    [annotation('connect-inject')]: 'true',
    [annotation('connect-service')]: name,
    [annotation('connect-service-port')]: String(port),
    [annotation('transparent-proxy')]: 'false',
    [annotation('envoy-extra-args')]: `--drain-time-s ${lab.settings.drainSeconds} --drain-strategy immediate`,
    [listenerAnnotation]: listenerConfig(lab, service),
    ...(upstreams.length === 0 ? {} : { [annotation('connect-service-upstreams')]: upstreams.join(',') }),
  };
  const url = `http://127.0.0.1:${port}${health}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations },
        spec: {
          serviceAccountName: name,
          // Consul's injector takes the token's mount from the program's container and refuses a pod without one; the
          // account has no rights in Kubernetes.
          automountServiceAccountToken: true,
          terminationGracePeriodSeconds: 10,
          securityContext: confinedPod,
          containers: [
            {
              ...programContainer(lab, service),
              env: programVariables(service, {
                ...pairVariables(service, service.name),
                ...programEnvironment(lab, service),
              }),
              // The program listens on loopback, where only its own proxy and this probe reach it.
              readinessProbe: {
                exec: { command: ['node', '-e', `fetch('${url}').then((r) => process.exit(r.ok ? 0 : 1))`] },
                periodSeconds: 10,
                timeoutSeconds: 5,
              },
            },
            ...sideContainers(lab, service),
          ],
          ...programVolumes(service),
        },
      },
    },
  };
}

const annotationOf = (object: 'object' | 'oldObject') => {
  const annotations = metadataIn(object, 'annotations', '{}');
  return `('${listenerAnnotation}' in ${annotations} ? ${annotations}['${listenerAnnotation}'] : '')`;
};

/**
 * Whoever may write the annotation may drop our rules. Pods of the service's account carry exactly the plan's, or are
 * not admitted, and no writer of their status and no binding changes it.
 */
function listenerGuard(lab: Lab, service: Service): KubeObject[] {
  const { name, namespace } = service;
  const wanted = JSON.stringify(listenerConfig(lab, service));
  const namespaces = namespaceNamed(namespace);
  const message = `a pod of ${name} has the public listener that the lab's plan made`;
  return [
    ...admissionPolicy({
      name: `${namespace}-${name}-listener`,
      requests: { ...podUpdates, operations: ['CREATE', 'UPDATE'] },
      namespaces,
      when: { name: 'account', expression: `object.spec.serviceAccountName == '${name}'` },
      rules: [
        {
          // A pod of the former plan keeps its own until the rollout replaces it.
          expression: `${annotationOf('object')} == ${wanted} || (request.operation == 'UPDATE' && ${annotationOf('object')} == ${annotationOf('oldObject')})`,
          message,
        },
      ],
    }),
    // A binding does not say whose the pod is.
    ...admissionPolicy({
      name: `${namespace}-${name}-listener-bindings`,
      requests: podBindings,
      namespaces,
      rules: [{ expression: `!('${listenerAnnotation}' in ${metadataIn('object', 'annotations', '{}')})`, message }],
    }),
  ];
}
