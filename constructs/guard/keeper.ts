/**
 * The keeper of the webhook's certificates, apart from the webhook: who may write the webhook configurations can become
 * anybody in the cluster, so that right is in a pod that nobody connects to and that reads nothing a tenant wrote.
 */
import {
  guardConfiguration,
  guardKeeperName,
  guardKeeperPort,
  guardNamespace,
  guardSecret,
  guardWebhookName,
} from '../../model/guard/webhook';
import { imagePullPolicy } from '../../model/images';
import type { KubeObject } from '../../model/kube';
import type { Mesh } from '../../model/lab';
import { uids } from '../../model/local';
import { confined, podOf } from '../helm/confined';
import { askProbe } from '../helm/program';
import { grantClusterRole, grantRole, serviceAccount } from '../kube/service-account';
import { tokenMount, tokenVolume } from '../kube/token-volume';
import type { Program } from '../program';

const name = guardKeeperName;
const namespace = guardNamespace;
const account = { name, namespace };
const labels = { app: name };

/** Deployment, account and rights. While it is away nothing ends; certificates have half their life left. */
export function guardKeeper(mesh: Mesh, program: Program): KubeObject[] {
  return [
    serviceAccount(account),
    ...rights(),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, annotations: { 'isthmus.dev/program': program.hash } },
          spec: pod(mesh),
        },
      },
    },
  ];
}

function rights(): KubeObject[] {
  const secret = { apiGroups: [''], resources: ['secrets'], resourceNames: [guardSecret], verbs: ['get', 'update'] };
  const webhooks = {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
    resourceNames: [guardConfiguration],
    verbs: ['get', 'patch'],
  };
  return [...grantRole(account, [secret], account), ...grantClusterRole(name, [webhooks], account)];
}

function pod(mesh: Mesh): object {
  const probe = (path: string) => ({ exec: askProbe({ port: guardKeeperPort, path }), timeoutSeconds: 5 });
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    priorityClassName: 'system-cluster-critical',
    securityContext: podOf(uids.guardKeeper),
    containers: [
      {
        name: 'keeper',
        image: mesh.images.node,
        ...imagePullPolicy(mesh),
        command: ['node', '/program/main.js', 'keep'],
        // Often until it is there, seldom afterwards: each look starts a program.
        startupProbe: { ...probe('/readyz'), periodSeconds: 1, failureThreshold: 300 },
        readinessProbe: { ...probe('/readyz'), periodSeconds: 15 },
        livenessProbe: { ...probe('/healthz'), periodSeconds: 30, failureThreshold: 4 },
        resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '192Mi' } },
        securityContext: confined,
        volumeMounts: [{ name: 'program', mountPath: '/program', readOnly: true }, tokenMount],
      },
    ],
    volumes: [{ name: 'program', configMap: { name: guardWebhookName } }, tokenVolume()],
  };
}
