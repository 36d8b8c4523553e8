/** The token of a pod's own account, for the one container that mounts it. */

/** What else the volume holds beside `token` and `ca.crt`. */
type Source = Readonly<Record<string, unknown>>;

/** Where programs look for it. */
export const tokenMount = {
  name: 'api',
  mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  readOnly: true,
} as const;

/** A token that the kubelet renews before its hour is over, and the CA of the API server. */
export function tokenVolume(...more: readonly Source[]): Source {
  const sources = [
    { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    ...more,
  ];
  return { name: tokenMount.name, projected: { sources } };
}
