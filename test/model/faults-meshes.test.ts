/** Faults of meshes in a lab file. */
import { type Case, invalid, label, missing, other, testFaults, unknown, wrong } from '../support/faults';

const network = 'an aligned IPv4 network of /12 to /20, such as 10.10.0.0/16';
const kinds = 'exactly one mesh of each kind';
const needs = 'needs one Istio mesh and one Consul mesh';

const meshes: Case[] = [
  [
    'a mistyped kind',
    'kind: istio',
    'kind: istoi',
    other(['meshes', 'west', 'kind'], 5, 'istoi', 'istio, consul', 'did you mean istio?'),
  ],
  [
    'an unknown kind',
    'kind: istio',
    'kind: linkerd',
    other(['meshes', 'west', 'kind'], 5, 'linkerd', 'istio, consul', 'write one of: istio, consul'),
  ],
  ['no kind', '    kind: istio\n', '', missing(['meshes', 'west', 'kind'], 4, 'istio, consul')],
  ['host bits', '10.10.0.0/16', '10.10.0.1/16', invalid(['meshes', 'west', 'network'], 6, '10.10.0.1/16', network)],
  [
    'a network that is too large',
    '10.10.0.0/16',
    '10.0.0.0/8',
    invalid(['meshes', 'west', 'network'], 6, '10.0.0.0/8', network),
  ],
  [
    'a network that is too small',
    '10.10.0.0/16',
    '10.0.0.0/24',
    invalid(['meshes', 'west', 'network'], 6, '10.0.0.0/24', network),
  ],
  ['a number as network', '10.10.0.0/16', '10', wrong(['meshes', 'west', 'network'], 6, 10, 'text')],
  [
    'a public network',
    '10.10.0.0/16',
    '8.8.0.0/16',
    {
      path: ['meshes', 'west', 'network'],
      line: 6,
      value: '8.8.0.0/16',
      problem: 'is not a private network',
      allowed: 'networks inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
      fix: 'use for example 10.10.0.0/16',
    },
  ],
  [
    'a network that begins private and ends public',
    '10.10.0.0/16',
    '192.168.0.0/15',
    {
      path: ['meshes', 'west', 'network'],
      line: 6,
      value: '192.168.0.0/15',
      problem: 'is not a private network',
      allowed: 'networks inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
      fix: 'use for example 10.10.0.0/16',
    },
  ],
  [
    'networks that overlap',
    '10.10.0.0/16',
    '10.16.0.0/12',
    {
      path: ['meshes', 'east', 'network'],
      line: 7,
      value: '10.20.0.0/16',
      problem: 'overlaps the network of mesh west (10.16.0.0/12)',
      allowed: 'networks that share no address',
      fix: 'choose another network for one of the two',
    },
  ],
  [
    'the network of imports',
    '10.10.0.0/16',
    '240.240.0.0/16',
    {
      path: ['meshes', 'west', 'network'],
      line: 6,
      value: '240.240.0.0/16',
      problem: 'is not a private network',
      allowed: 'networks inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
      fix: 'use for example 10.10.0.0/16',
    },
    {
      path: ['meshes', 'west', 'network'],
      line: 6,
      problem: 'holds the addresses of imports',
      allowed: 'networks outside 240.240.0.0/16',
      fix: 'move it',
    },
  ],
  [
    'a datacenter of Istio',
    'kind: istio',
    'kind: istio\n    datacenter: dc1',
    {
      path: ['meshes', 'west', 'datacenter'],
      line: 6,
      value: 'dc1',
      problem: 'belongs to Consul meshes only',
      fix: 'remove it',
    },
  ],
  [
    'a bad datacenter',
    'datacenter: dc1',
    'datacenter: DC1',
    invalid(['meshes', 'east', 'datacenter'], 7, 'DC1', label),
  ],
  [
    'a mistyped key of a mesh',
    'network: 10.10',
    'nework: 10.10',
    missing(['meshes', 'west', 'network'], 4, 'text'),
    unknown(
      ['meshes', 'west', 'nework'],
      6,
      'kind, network, platform, datacenter, existing, trustDomain, kubeconfig, context, gateway, servers, charts, aws',
      'did you mean network?',
    ),
  ],
  [
    'two meshes of one kind',
    'kind: consul, network: 10.20.0.0/16, datacenter: dc1',
    'kind: istio, network: 10.20.0.0/16',
    {
      path: ['meshes'],
      line: 3,
      value: '2 of kind istio',
      problem: needs,
      allowed: kinds,
      fix: 'keep one mesh of kind istio',
    },
    {
      path: ['meshes'],
      line: 3,
      value: '0 of kind consul',
      problem: needs,
      allowed: kinds,
      fix: 'add a mesh of kind consul',
    },
  ],
];

testFaults(meshes);
