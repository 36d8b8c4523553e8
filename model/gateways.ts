/** Ports of gateways: the two that pass a border, and Consul's own door for those who bring no certificate. */

/** Consul's mesh gateway: from Istio to Consul. */
export const meshGatewayPort = 8443;

/** Istio's federation gateway: from Consul to Istio. */
export const federationGatewayPort = 15443;

/** Consul's ingress gateway: from its mesh's own network to the service that is a page. */
export const consulIngressPort = 8080;
