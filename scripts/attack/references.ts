/** What attacks serve, where more than one file names it: parts of the mission, items of NIST's, public reports. */

/** No program may more than its own work takes. */
export const leastPrivilege: readonly string[] = ['M8', 'SP 800-204B SAUZ-SR-1'];
/** Control traffic is out of tenants' reach. */
export const coordination: readonly string[] = ['M15', 'SP 800-204A SM-DR2'];
/** Containers of one pod are kept apart as services are. */
export const insidePod: readonly string[] = ['M14', 'SP 800-207A'];
/** A container's program gets no rights beyond those it was given. */
export const elevation: readonly string[] = ['M14', 'SP 800-204B AHLC-SR-4'];
/** A program in a pod ends, drains or reads its own proxy. */
export const proxyAdmin = 'https://github.com/istio/istio/issues/61864';
/** Istio's capture lets the proxy's own user and group pass. */
export const proxyUser = 'https://github.com/istio/istio/issues/4286';
/** Every trusted root could sign every name. */
export const boundRoots = 'https://github.com/istio/istio/issues/30769';
/** A certificate's second URI was believed. */
export const secondUri = 'https://github.com/hashicorp/consul/pull/13340';
