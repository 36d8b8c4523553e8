/** Changes of the Consul mesh: what it holds of services, and what a service's host registered. */

import { readFileSync } from 'node:fs';
import type { Json } from '../../../../model/access/envoy';
import { serviceHost } from '../../../../model/consul-hosts';
import { hostFiles, type ServiceDefinition } from '../../../../model/hosts';
import { ConsulApi } from '../../../../scripts/hosts/consul-api';
import type { Change, Ground } from './ground';
import { hostProxy } from './looks';

/** Writes a config entry anew. */
export async function entry(
  ground: Ground,
  [kind, name]: readonly [kind: string, name: string],
  change: (value: Json) => Json,
  look: Change['look'],
): Promise<void> {
  const api = ground.consul();
  const {
    CreateIndex: _c,
    ModifyIndex: _m,
    Hash: _h,
    ...value
  } = await api.get<Record<string, unknown>>(`/v1/config/${kind}/${name}`);
  const put = async (wanted: Json) => {
    if ((await api.put('/v1/config', wanted)) !== true) throw new Error(`Consul did not take ${kind} ${name}`);
  };
  await ground.change({ what: `${kind} ${name}`, look, make: () => put(change(value)), undo: () => put(value) });
}

/** Registers the provider with another public listener, as whoever holds its own token may; undefined for Consul's own. */
export async function listener(ground: Ground, change: (text: string) => string | undefined): Promise<void> {
  const { provider } = ground.cast;
  const planned = serviceHost(ground.lab, provider).registration;
  if (planned === undefined) throw new Error(`${provider.id} is not registered`);
  await ground.change({
    what: `the public listener of ${provider.id}`,
    look: async () => {
      await callable(ground);
      return hostProxy(ground, provider.name);
    },
    make: () => register(ground, withListener(planned, change)),
    undo: () => register(ground, planned),
  });
}

interface Sidecar {
  readonly Proxy: { readonly Config: Readonly<Record<string, unknown>> };
}

function withListener(planned: ServiceDefinition, change: (text: string) => string | undefined): ServiceDefinition {
  const { SidecarService: sidecar } = planned.Connect as { readonly SidecarService: Sidecar };
  const { envoy_public_listener_json: text, ...config } = sidecar.Proxy.Config;
  const wanted = change(String(text));
  if (wanted === text) throw new Error('the listener has nothing like what should be changed in it');
  const changed = wanted === undefined ? config : { ...config, envoy_public_listener_json: wanted };
  return {
    ...planned,
    Connect: { SidecarService: { ...sidecar, Proxy: { ...sidecar.Proxy, Config: changed } } },
  } as ServiceDefinition;
}

async function register(ground: Ground, definition: ServiceDefinition): Promise<void> {
  await agentOf(ground).put('/v1/agent/service/register', definition);
}

/** The agent beside the provider, asked with the provider's own token. */
export function agentOf({ lab, cast }: Ground): ConsulApi {
  const files = hostFiles(lab.name, cast.east.name, cast.provider.name);
  return new ConsulApi(files.httpSocket, readFileSync(files.serviceToken, 'utf8').trim());
}

/** What is registered anew must still be healthy, or nobody would get through for the wrong reason. */
async function callable(ground: Ground): Promise<void> {
  const { name } = ground.cast.provider;
  const found = await ground.consul().get<readonly unknown[]>(`/v1/health/connect/${name}?passing`);
  if (found.length === 0) throw new Error(`${name} is not healthy`);
}
