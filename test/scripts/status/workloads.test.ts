/** What a person hears of a cluster: the lab's own trouble, and not that of its neighbours. */
import { mesh } from '../../../model/lab';
import { missing, notReady, type Workload, watched } from '../../../scripts/status/workloads';
import { labOf, localLab } from '../../support/labs';
import { existingFile, kubeconfigFile } from '../clusters/labs';

const workload = (namespace: string, name: string, labels: Record<string, string> = {}, ready = 0): Workload => ({
  metadata: { namespace, name },
  spec: { replicas: 1, template: { metadata: { labels } } },
  status: { readyReplicas: ready },
});
const istiod = workload('istio-system', 'istiod', { app: 'istiod' });
const plane = workload('plane-east', 'plane', { app: 'plane' });
const theirs = workload('theirs', 'web', { app: 'web' });
const shop = workload('shop', 'till', { app: 'shop', v: '1' });
const neighbour = workload('shop', 'other', { app: 'other' });
const names = (list: readonly Workload[]) => list.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

test('on this machine everything counts', () => {
  const lab = localLab();
  expect([istiod, plane, theirs].filter(watched(lab, mesh(lab, 'west')))).toHaveLength(3);
});

test('in a cluster the lab’s own and what it stands on count', () => {
  const lab = labOf(kubeconfigFile);
  const all = [
    istiod,
    plane,
    theirs,
    workload('istio-ingress', 'gateway'),
    workload('backend', 'backend', { app: 'backend' }),
  ];
  expect(names(all.filter(watched(lab, mesh(lab, 'west'))))).toEqual([
    'istio-system/istiod',
    'plane-east/plane',
    'istio-ingress/gateway',
    'backend/backend',
  ]);
});

test('of an existing mesh the named services count, and not what runs beside them', () => {
  const lab = labOf(existingFile);
  const all = [istiod, plane, theirs, shop, neighbour, workload('istio-ingress', 'gateway')];
  expect(names(all.filter(watched(lab, mesh(lab, 'west'))))).toEqual([
    'istio-system/istiod',
    'plane-east/plane',
    'shop/till',
  ]);
});

test('what is not there is told', () => {
  const lab = labOf(existingFile);
  const west = mesh(lab, 'west');
  expect(missing(lab, west, [istiod, shop])).toEqual([]);
  expect(missing(lab, west, [theirs, workload('other', 'till', { app: 'shop' })])).toEqual([
    'there is no istiod (label app=istiod)',
    'shop/shop: nothing runs it (app=shop)',
  ]);
});

test('what is not ready is told', () => {
  expect(notReady([istiod, workload('a', 'b', {}, 1)])).toEqual(['istio-system/istiod: 0 of 1 pods ready']);
});
