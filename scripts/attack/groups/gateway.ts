/** Server names and bytes that Consul's mesh gateway should have no way for, from the network of Istio's mesh. */
import { ingressGatewayService } from '../../../model/names';
import { line } from '../asks';
import { type Attack, type AttackRow, by, type How } from '../attack';
import { type Cast, outsideIdentity } from '../cast';
import type { Field } from '../field';
import { coordination } from '../references';
import { forged } from '../steps/certificates';
import { reach, rightLeaf } from '../steps/provider';

interface Row extends AttackRow {
  readonly sni: (field: Field) => string | undefined;
  readonly how: readonly How[];
}

const noWay: readonly How[] = ['no-way'];

/** Server name of a service within Consul's mesh. */
function internalName({ east, datacenter }: Cast, service: string): string {
  return `${service}.default.${datacenter}.internal.${east.trustDomain}`;
}

const rows: readonly Row[] = [
  { name: 'no-sni', title: 'no server name', serves: ['M5', 'SP 800-204A SM-DR1'], sni: () => undefined, how: noWay },
  {
    name: 'other-sni',
    title: 'the server name of somebody else',
    serves: ['M5', 'SP 800-204A SM-DR1'],
    sni: () => 'example.com',
    how: noWay,
  },
  {
    name: 'unexported',
    title: 'the server name of a service that is not exported',
    serves: ['M10', 'SP 800-204A SM-DR2'],
    sni: ({ cast }) => `${ingressGatewayService}.default.default.${cast.west.name}.external.${cast.east.trustDomain}`,
    how: noWay,
  },
  {
    name: 'other-peer',
    title: 'the name by which another peer would reach the provider',
    serves: ['M10', 'SP 800-204A SM-DR2'],
    sni: ({ cast }) => `${cast.provider.name}.default.default.someone-else.external.${cast.east.trustDomain}`,
    how: noWay,
  },
  {
    name: 'internal-gateway',
    title: 'the internal name of a service that is not exported',
    serves: ['M10', 'SP 800-204A SM-DR2'],
    sni: ({ cast }) => internalName(cast, ingressGatewayService),
    how: noWay,
  },
  {
    name: 'exported-cluster',
    title: "the gateway's own name for an exported service (exported~…)",
    serves: ['M10', 'SP 800-204A SM-DR2'],
    sni: ({ cast }) => `exported~${cast.entry.sni}`,
    how: noWay,
  },
  {
    name: 'servers',
    title: "the name of Consul's servers for a federated datacenter",
    serves: coordination,
    sni: ({ cast }) => `server.${cast.datacenter}.consul`,
    how: noWay,
  },
  {
    name: 'consul-service',
    title: "the internal name of Consul's own service",
    serves: coordination,
    sni: ({ cast }) => internalName(cast, 'consul'),
    how: noWay,
  },
  {
    name: 'local-agent',
    title: "the gateway's own way to its Consul agent (local_agent)",
    serves: coordination,
    sni: () => 'local_agent',
    how: ['not-tls', 'no-way'],
  },
];

function attackOf({ name, title, serves, sni, how }: Row): Attack<Field> {
  return {
    id: `gateway/${name}`,
    group: 'gateway',
    title,
    serves,
    attempt: async (field) => {
      const wanted = sni(field);
      return reach(field, {
        tried: `TLS for server name ${wanted ?? '(none)'}, with the consumer's own leaf`,
        sni: wanted,
        leaf: await field.leaf(),
      });
    },
    refusedWhen: by(...how),
    control: rightLeaf,
  };
}

export const gatewayAttacks: readonly Attack<Field>[] = [
  {
    id: 'gateway/plaintext',
    group: 'gateway',
    title: 'a request in clear to the port that takes TLS',
    serves: ['M8', 'SP 800-204A SM-DR6'],
    attempt: (field) => reach(field, { tried: `${line(field.cast.asked)} in clear to the mesh gateway`, plain: true }),
    refusedWhen: by('no-way'),
    control: rightLeaf,
  },
  {
    id: 'gateway/plaintext-h2',
    group: 'gateway',
    title: 'HTTP/2 with prior knowledge, in clear',
    serves: ['M8', 'SP 800-204A SM-DR6'],
    attempt: (field) =>
      reach(field, {
        tried: 'the HTTP/2 preface in clear to the mesh gateway',
        plain: true,
        send: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      }),
    refusedWhen: by('no-way'),
    control: rightLeaf,
  },
  ...rows.map(attackOf),
  {
    id: 'gateway/internal-name',
    group: 'gateway',
    title: "the provider's internal name, which the gateway passes on, with another service's leaf",
    serves: ['M6', 'SP 800-207A'],
    attempt: async (field) => {
      const { provider, stranger } = field.cast;
      const sni = internalName(field.cast, provider.name);
      const leaf = await forged(field, 'plane', { uris: [outsideIdentity(field.cast, stranger.name)] });
      return reach(field, {
        tried: `TLS for ${sni} as ${stranger.name}`,
        sni,
        leaf,
      });
    },
    refusedWhen: by('connection-rule', 'http-rule', 'tls-alert'),
    control: rightLeaf,
  },
];
