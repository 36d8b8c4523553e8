/** The logs that tell of attacks: those of the lab's proxies, and of the programs behind them. */
import { federationGateway, stateFolder } from '../../../model/names';
import { podOf, proxyContainers } from '../../call/proxies';
import { clusterOf, kubeconfigOf, kubectlFlags } from '../../cluster';
import { locate } from '../../machine/binaries';
import { logFile } from '../../machine/daemon';
import { type Cast, insideIn } from '../cast';
import { followCommand, followFile, type ProxyLog } from './logs';
import { attackersOf } from './pods';

/** Whose proxy. */
export type Logged = 'provider' | 'consumer' | 'caller' | 'gateway' | 'neighbour' | 'sibling' | 'federation';

/** Follows a proxy's log: a service's own, or that of either mesh's gateway. Attackers' pods must be there. */
export async function followProxy(whose: Logged, cast: Cast): Promise<ProxyLog> {
  const { lab, provider, consumer } = cast;
  const container = proxyContainers.istio;
  switch (whose) {
    case 'provider':
      return followHost(cast, `${provider.name}-envoy`);
    case 'gateway':
      return followHost(cast, 'mesh-gateway-envoy');
    case 'federation':
      return followPod(cast, { namespace: federationGateway, pod: `deploy/${federationGateway}`, container });
    case 'neighbour':
    case 'sibling': {
      const { namespace, name } = attackersOf(cast)[whose];
      return followPod(cast, { namespace, pod: name, container });
    }
    case 'consumer':
    case 'caller': {
      const service = whose === 'consumer' ? consumer : insideIn(cast).service;
      const { pod } = await podOf(lab, service);
      return followPod(cast, { namespace: service.namespace, pod, container });
    }
  }
}

/** Follows the log of a service's own program. */
export async function followProgram(whose: 'provider' | 'consumer', cast: Cast): Promise<ProxyLog> {
  const { lab, provider, consumer } = cast;
  if (whose === 'provider') return followHost(cast, `${provider.name}-program`);
  return followPod(cast, { namespace: consumer.namespace, ...(await podOf(lab, consumer)) });
}

function followHost({ lab, east }: Cast, program: string): ProxyLog {
  return followFile(logFile(stateFolder(lab.name), `${east.name}-${program}`));
}

interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

async function followPod({ lab, west }: Cast, { namespace, pod, container }: Container): Promise<ProxyLog> {
  const flags = kubectlFlags(await kubeconfigOf(clusterOf(lab, west)));
  // From this moment, however long kubectl takes to start: the attack does not wait for it.
  const since = `--since-time=${new Date().toISOString()}`;
  const args = ['logs', '--follow', since, pod, '--namespace', namespace, '--container', container];
  return followCommand(locate('kubectl'), [...flags, ...args]);
}
