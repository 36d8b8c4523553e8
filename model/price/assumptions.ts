/** What a plan does not say and a bill depends on: how much the lab is used. */

export interface Assumptions {
  /** Gigabytes a month through each NAT gateway. */
  readonly natGb: number;
  /** Capacity units that each load balancer uses on average. */
  readonly lbLcu: number;
  /** Gigabytes a month of each kind of log: each control-plane log of a cluster, the flow log of a network. */
  readonly logGb: number;
  /** Gigabytes a month between zones over each peering, one way. */
  readonly zoneGb: number;
  /** Gigabytes a month through each interface endpoint. */
  readonly endpointGb: number;
}

/** A lab that people look at: images once, few calls. */
export const defaultAssumptions: Assumptions = { natGb: 20, lbLcu: 0.1, logGb: 1, zoneGb: 1, endpointGb: 1 };

/** What each stands for, for people. */
export const assumptionText: Readonly<Record<keyof Assumptions, string>> = {
  natGb: 'GB a month through each NAT gateway',
  lbLcu: 'capacity units in use at each load balancer',
  logGb: 'GB a month of each kind of log',
  zoneGb: 'GB a month between zones over each peering, one way',
  endpointGb: 'GB a month through each interface endpoint',
};
