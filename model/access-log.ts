/**
 * Fields of the access logs of all proxies, by the names that `isthmus call` reads them under. Envoy's operators:
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
 */

/** Where TLS is passed on: nothing is known of requests. */
export const connectionLogFields = {
  time: '%START_TIME%',
  type: '%ACCESS_LOG_TYPE%',
  request: '%REQ(X-REQUEST-ID)%',
  sni: '%REQUESTED_SERVER_NAME%',
  remote: '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%',
  upstream: '%UPSTREAM_HOST%',
  upstreamLocal: '%UPSTREAM_LOCAL_ADDRESS%',
  peer: '%DOWNSTREAM_PEER_URI_SAN%',
  upstreamPeer: '%UPSTREAM_PEER_URI_SAN%',
  failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  flags: '%RESPONSE_FLAGS%',
  received: '%BYTES_RECEIVED%',
  sent: '%BYTES_SENT%',
  ms: '%DURATION%',
} as const;

/** Where TLS ends and requests are seen. The path is the one that the rules saw: no header of the caller replaces it. */
export const requestLogFields = {
  ...connectionLogFields,
  method: '%REQ(:METHOD)%',
  path: '%REQ(:PATH)%',
  status: '%RESPONSE_CODE%',
  details: '%RESPONSE_CODE_DETAILS%',
} as const;
