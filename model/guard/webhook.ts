/** Names that the guard's webhook, its plan and the commands that look at it agree on. */

/** Namespace of the webhook. It is never guarded itself: nothing could start it otherwise. */
export const guardNamespace = 'guard';

/** Deployment, Service and account. */
export const guardWebhookName = 'guard-webhook';

/** Secret with the webhook's certificates; the webhook writes it, the plan makes it. */
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

/** Annotation of the Secret: whoever changes its value asks for new certificates. */
export const rotateAnnotation = 'guard.isthmus.dev/rotate';

/** Name that the API server calls the webhook by. */
export const guardHost = `${guardWebhookName}.${guardNamespace}.svc`;

/** Environment variable with the guard's configuration ({@link GuardConfig}) as JSON. */
export const guardConfigVariable = 'GUARD_CONFIG';
