import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { Construct } from 'constructs';
import {
  guardCertificates,
  guardConfiguration,
  guardConfigVariable,
  guardLabel,
  guardNamespace,
  guardPort,
  guardSecret,
  guardWebhook,
  guardWebhookName,
} from '../../model/guard/webhook';
import { imagePullPolicy } from '../../model/images';
import type { KubeObject } from '../../model/kube';
import type { Lab, Mesh } from '../../model/lab';
import { uids } from '../../model/local';
import { guardPolicies } from '../../model/network-policy/guard';
import { confined, podOf } from '../helm/confined';
import { Objects } from '../helm/objects';
import { emptySecret } from '../kube/secret';
import { serviceAccount } from '../kube/service-account';
import type { Program } from '../program';
import { guardConfig } from './config';
import { guardFreeze } from './freeze';
import { guardKeeper } from './keeper';

export interface GuardWebhookProps {
  readonly lab: Lab;
  readonly mesh: Mesh;
  /** The bundled webhook. */
  readonly program: Program;
}

const name = guardWebhookName;
const namespace = guardNamespace;
const labels = { app: name };

/**
 * The admission webhook that keeps the containers of a pod apart, for the pods of namespaces that opt in by label.
 * While it is down such namespaces accept no pod; others do not notice.
 */
export class GuardWebhook extends Construct {
  constructor(scope: Construct, id: string, props: GuardWebhookProps) {
    super(scope, id);
    const created = new NamespaceV1(this, 'Namespace', {
      metadata: { name: namespace, labels: { 'istio-injection': 'disabled' } },
    });
    new Objects(this, 'Objects', {
      releaseName: name,
      namespace,
      programs: { 'main.js': props.program.file },
      objects: [
        serviceAccount({ name, namespace }),
        emptySecret({ name: guardSecret, namespace }),
        ...guardKeeper(props.mesh, props.program),
        ...guardPolicies(props.lab, props.mesh),
        ...guardFreeze(),
        {
          apiVersion: 'policy/v1',
          kind: 'PodDisruptionBudget',
          metadata: { name, namespace },
          spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
        },
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name, namespace },
          spec: { selector: labels, ports: [{ name: 'https', port: 443, targetPort: guardPort }] },
        },
        deployment(props),
        configuration('MutatingWebhookConfiguration', {
          clientConfig: { service: { name, namespace, path: '/mutate', port: 443 } },
          // A pod that a later webhook changed is looked at again.
          reinvocationPolicy: 'IfNeeded',
          rules: [rule(['pods'], ['CREATE']), rule(['pods/ephemeralcontainers'], ['UPDATE'])],
        }),
        configuration('ValidatingWebhookConfiguration', {
          clientConfig: { service: { name, namespace, path: '/validate', port: 443 } },
          rules: [rule(['pods', 'pods/ephemeralcontainers'], ['CREATE', 'UPDATE'])],
        }),
      ],
      dependsOn: [created],
    });
  }
}

function rule(resources: string[], operations: string[]): object {
  return { apiGroups: [''], apiVersions: ['v1'], resources, operations, scope: 'Namespaced' };
}

/** No object selector: a tenant writes the labels of its own pods. `caBundle` is the keeper's to fill in. */
function configuration(kind: string, webhook: Readonly<Record<string, unknown>>): KubeObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: guardConfiguration },
    webhooks: [
      {
        name: guardWebhook,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        timeoutSeconds: 5,
        namespaceSelector: {
          matchLabels: { [guardLabel]: 'true' },
          // Its own pods never wait for it, nor do those that Kubernetes itself needs.
          matchExpressions: [
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [namespace, 'kube-system'] },
          ],
        },
        ...webhook,
      },
    ],
  };
}

function deployment({ mesh, program }: GuardWebhookProps): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      // A new one is ready before an old one ends.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { 'isthmus.dev/program': program.hash } },
        spec: pod(mesh),
      },
    },
  };
}

function pod(mesh: Mesh): object {
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    // It answers for 5 s after it was told to end, until every API server knows, then lets go of idle connections.
    terminationGracePeriodSeconds: 30,
    priorityClassName: 'system-cluster-critical',
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labels },
      },
    ],
    securityContext: podOf(uids.guardWebhook),
    containers: [container(mesh)],
    volumes: [
      { name: 'program', configMap: { name } },
      {
        name: 'certificates',
        secret: {
          secretName: guardSecret,
          defaultMode: 0o440,
          // The pod waits until the keeper has made them.
          items: ['ca.crt', 'tls.crt', 'tls.key'].map((key) => ({ key, path: key })),
        },
      },
    ],
  };
}

function container(mesh: Mesh): object {
  return {
    name: 'webhook',
    image: mesh.images.node,
    ...imagePullPolicy(mesh),
    command: ['node', '/program/main.js', 'serve'],
    env: [{ name: guardConfigVariable, value: JSON.stringify(guardConfig(mesh)) }],
    ports: [{ name: 'https', containerPort: guardPort }],
    readinessProbe: {
      httpGet: { path: '/readyz', port: guardPort, scheme: 'HTTPS' },
      periodSeconds: 1,
      timeoutSeconds: 3,
    },
    livenessProbe: {
      httpGet: { path: '/healthz', port: guardPort, scheme: 'HTTPS' },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '192Mi' } },
    securityContext: confined,
    volumeMounts: [
      { name: 'program', mountPath: '/program', readOnly: true },
      { name: 'certificates', mountPath: guardCertificates, readOnly: true },
    ],
  };
}
