/** The two ports that pass a border. */

/** Consul's mesh gateway: from Istio to Consul. */
export const meshGatewayPort = 8443;

/** Istio's federation gateway: from Consul to Istio. */
export const federationGatewayPort = 15443;
