/** Hosts outside both meshes. A service reaches one only when it holds the key that makes the call worth something. */
import { type Lab, mesh, type Service } from './lab';
import { egressPort, kubernetesNetwork } from './local';

/** A host outside. */
export interface OutsideHost {
  readonly host: string;
  readonly port: number;
  /** The address inside the lab that leads to it. @default - the network itself leads out */
  readonly via?: { readonly address: string; readonly port: number };
}

/** Secret variable → the host that its key is for. */
const hostOfKey: ReadonlyMap<string, string> = new Map([['OPENWEATHER_API_KEY', 'api.openweathermap.org']]);

/**
 * The outside hosts of a service of an Istio mesh.
 * @param variables names that are set in the environment of the person who raises the lab
 */
export function outsideHosts(lab: Lab, service: Service, variables: readonly string[]): OutsideHost[] {
  const own = mesh(lab, service.mesh);
  if (own.kind !== 'istio') return [];
  return Object.keys(service.secrets)
    .filter((variable) => variables.includes(variable))
    .flatMap((variable) => hostOfKey.get(variable) ?? [])
    .map((host, index) => ({
      host,
      port: 443,
      ...(own.place.platform === 'local'
        ? { via: { address: kubernetesNetwork(own).node, port: egressPort + index } }
        : {}),
    }));
}
