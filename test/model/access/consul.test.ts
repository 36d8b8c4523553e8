import * as fc from 'fast-check';
import { exportedServices, serviceDefaults, serviceIntentions } from '../../../model/access/consul';
import { callers } from '../../../model/access/envoy';
import { grantsTo } from '../../../model/access/table';
import { mesh, service } from '../../../model/lab';
import { labOf, labs, localLab, smallFile } from '../../support/labs';

const info = 'east/info/info';

test('the protocol is tcp, so that TLS ends at the service and not at the gateway', () => {
  expect(serviceDefaults(service(localLab(), info))).toEqual({
    Kind: 'service-defaults',
    Name: 'info',
    Protocol: 'tcp',
  });
});

describe('intentions', () => {
  test('name a foreign caller with its peer, and a local one without', () => {
    const services = { ...smallFile.services, 'east/web': { port: 8080, program: 'a.js' } };
    const access = [...smallFile.access, { from: 'east/web', to: 'east/info' }];
    const lab = labOf({ services, access });
    expect(serviceIntentions(lab, service(lab, info))).toEqual({
      Kind: 'service-intentions',
      Name: 'info',
      Sources: [
        { Name: 'backend', Action: 'allow', Peer: 'west' },
        { Name: 'web', Action: 'allow' },
      ],
    });
  });

  test('let the ingress gateway reach a page', () => {
    const services = { ...smallFile.services, 'east/info': { port: 8080, program: 'a.js', expose: 'page' } };
    const lab = labOf({ services, access: [] });
    expect(serviceIntentions(lab, service(lab, info))?.Sources).toEqual([{ Name: 'ingress-gateway', Action: 'allow' }]);
  });

  test('are none when no row names the service: the default denies', () => {
    const lab = labOf({ access: [] });
    expect(serviceIntentions(lab, service(lab, info))).toBeUndefined();
  });

  test('open the connection to exactly the callers that the public listener knows', () => {
    fc.assert(
      fc.property(labs, (lab) => {
        for (const callee of lab.services.filter((one) => mesh(lab, one.mesh).kind === 'consul')) {
          const sources = (serviceIntentions(lab, callee)?.Sources ?? []) as { Name: string; Peer?: string }[];
          const wanted = callers(lab, callee).map(({ identity }) => identity.split('/').at(-1));
          expect(sources.map(({ Name }) => Name)).toEqual(wanted);
          const foreign = grantsTo(lab, callee).filter(({ from }) => from.mesh !== callee.mesh);
          expect(sources.filter(({ Peer }) => Peer !== undefined).map(({ Name, Peer }) => `${Peer}/${Name}`)).toEqual(
            foreign.map(({ from }) => `${from.mesh}/${from.name}`),
          );
          // Consul refuses an entry that names one source twice.
          expect(new Set(sources.map(({ Name, Peer }) => `${Peer}/${Name}`)).size).toBe(sources.length);
        }
      }),
    );
  });
});

describe('exports', () => {
  test('are the services that a foreign row names, for that peer only', () => {
    const lab = localLab();
    expect(exportedServices(lab, mesh(lab, 'east'))).toEqual({
      Kind: 'exported-services',
      Name: 'default',
      Services: [{ Name: 'info', Consumers: [{ Peer: 'west' }] }],
    });
  });

  test('are none when nothing crosses', () => {
    const lab = labOf({ access: smallFile.access.slice(0, 1) });
    expect(exportedServices(lab, mesh(lab, 'east'))).toBeUndefined();
  });

  test('hold no service that no foreign row names', () => {
    fc.assert(
      fc.property(labs, (lab) => {
        for (const own of lab.meshes) {
          const entry = exportedServices(lab, own);
          const shown = ((entry?.Services ?? []) as { Name: string }[]).map(({ Name }) => Name);
          const wanted = lab.services.filter(
            (one) => one.mesh === own.name && grantsTo(lab, one).some(({ from }) => from.mesh !== own.name),
          );
          expect(shown.toSorted()).toEqual(wanted.map(({ name }) => name).toSorted());
        }
      }),
    );
  });
});
