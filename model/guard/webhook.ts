/** Names that the guard's webhook, its plan and the commands that look at it agree on. */

/** Namespace of the webhook. It is never guarded itself: nothing could start it otherwise. */
export const guardNamespace = 'guard';

/** Deployment, Service and account. */
export const guardWebhookName = 'guard-webhook';

/**
 * Deployment and account of the keeper of the webhook's certificates: the one part with rights over the webhook
 * configurations, and so over every pod of the cluster. Nobody may connect to it.
 */
export const guardKeeperName = 'guard-keeper';

/** Secret with the webhook's certificates; the keeper writes it, the plan makes it. */
export const guardSecret = 'guard-webhook-tls';

/**
 * Both webhook configurations. API servers call mutating webhooks in the order of their names: this one comes after
 * Consul's and Istio's injectors (`consul-…`, `istio-…`), so that it sees the proxies.
 */
export const guardConfiguration = 'pod-guard';

/** Name of the webhook in both configurations. */
export const guardWebhook = 'pods.guard.isthmus.dev';

/** Label of a namespace whose pods are guarded, with the value "true". */
export const guardLabel = 'guard.isthmus.dev/enforce';

/** Port of the webhook's pods. */
export const guardPort = 8443;

/** Port of the keeper, for the kubelet's probes. */
export const guardKeeperPort = 8081;

/** Folder of the Secret in the webhook's pods. */
export const guardCertificates = '/certificates';

/** Annotation of the Secret: whoever changes its value asks for new certificates. */
export const rotateAnnotation = 'guard.isthmus.dev/rotate';

/** Name that the API server calls the webhook by. */
export const guardHost = `${guardWebhookName}.${guardNamespace}.svc`;

/** Environment variable with the guard's configuration ({@link GuardConfig}) as JSON. */
export const guardConfigVariable = 'GUARD_CONFIG';
