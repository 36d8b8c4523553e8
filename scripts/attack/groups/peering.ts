/** The one port of Consul's servers that the other network reaches: peering, and nothing else, without a secret. */
import { randomUUID } from 'node:crypto';
import { type Attack, by } from '../attack';
import type { Field } from '../field';
import { grpcAnswer, grpcStop, texts, wrapped } from '../steps/grpc';
import { observe } from '../steps/observe';
import { accepted, exchange, newToken, peerId, peeringActive, peerStream, tryServer } from '../steps/peering';

const coordination = ['M15', 'SP 800-204A SM-DR16'];

const methods: readonly (readonly [name: string, title: string, method: string])[] = [
  ['sign', 'to sign a certificate', 'hashicorp.consul.connectca.ConnectCAService/Sign'],
  ['roots', 'to list the roots', 'hashicorp.consul.connectca.ConnectCAService/WatchRoots'],
  ['servers', 'to list the servers', 'hashicorp.consul.serverdiscovery.ServerDiscoveryService/WatchServers'],
  ['login', 'to log in for a token', 'hashicorp.consul.acl.ACLService/Login'],
  ['dataplane', "for a proxy's bootstrap", 'hashicorp.consul.dataplane.DataplaneService/GetEnvoyBootstrapParams'],
  [
    'xds',
    "for a proxy's configuration",
    'envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  ],
  ['resources', 'for any resource', 'hashicorp.consul.resource.ResourceService/List'],
  ['dns', 'to resolve names', 'hashicorp.consul.dns.DNSService/Query'],
  ['operator', 'to move the leadership', 'hashicorp.consul.internal.operator.OperatorService/TransferLeader'],
  ['token', 'to make a pairing token', 'hashicorp.consul.internal.peering.PeeringService/GenerateToken'],
  ['reflection', 'which services there are', 'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo'],
];

export const peeringAttacks: readonly Attack<Field>[] = [
  ...methods.map(
    ([name, title, method]): Attack<Field> => ({
      id: `peering/method-${name}`,
      group: 'peering',
      title: `under the peering's server name, asks the server ${title}`,
      serves: coordination,
      attempt: (field) => tryServer(field, `gRPC ${method} without a token`, method),
      refusedWhen: by('unauthorized', 'absent'),
      control: peeringActive,
    }),
  ),
  {
    id: 'peering/guessed-secret',
    group: 'peering',
    title: "the real peering's id with a guessed one-time secret",
    serves: ['M9', 'SP 800-204A SM-DR16'],
    attempt: async (field) => {
      const seen = await exchange(field, { peerId: await peerId(field), secret: randomUUID() });
      return observe('ExchangeSecret with a random secret', grpcAnswer(seen), {
        stop: grpcStop(`${field.cast.east.name}'s server`, seen),
      });
    },
    refusedWhen: by('unauthorized'),
    control: peeringActive,
  },
  {
    id: 'peering/guessed-stream',
    group: 'peering',
    title: "a stream of the real peering's with a guessed secret",
    serves: ['M9', 'https://github.com/kumahq/kuma/issues/3884'],
    attempt: async (field) => {
      const open = wrapped(1, texts({ 1: await peerId(field), 2: randomUUID() }));
      return tryServer(
        field,
        'StreamResources as the real peer with a random secret',
        `${peerStream}/StreamResources`,
        open,
      );
    },
    refusedWhen: by('unauthorized'),
    control: peeringActive,
  },
  {
    id: 'peering/replayed-token',
    group: 'peering',
    title: 'a pairing token that was used is used again',
    serves: ['M9', 'SP 800-204A SM-DR16'],
    attempt: async (field) => {
      const token = await newToken(field, 'replay');
      const first = await exchange(field, token);
      const seen = await exchange(field, token);
      const stop = accepted(first) ? grpcStop(`${field.cast.east.name}'s server`, seen) : undefined;
      return observe('the same token twice', grpcAnswer(seen), {
        notes: [`the first use: ${grpcAnswer(first).end}`],
        stop,
      });
    },
    refusedWhen: by('unauthorized'),
    control: async (field) => {
      const seen = await exchange(field, await newToken(field, 'fresh'));
      return { ok: accepted(seen), evidence: `a fresh token, once: ${grpcAnswer(seen).end}` };
    },
  },
];
