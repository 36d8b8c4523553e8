import { refusalsOfUpdate } from '../../../model/guard/pod';
import type { Container, Pod } from '../../../model/guard/types';
import { annotation, type Case, container, istioPod, label, spec } from '../../support/guard/changes';
import { istioConfig } from '../../support/guard/pods';

describe('of a running pod', () => {
  const update = (change: (pod: Pod) => Pod) => refusalsOfUpdate(istioPod, change(istioPod), istioConfig);
  const debugging = (changes: Partial<Container>) => {
    const securityContext = {
      ...istioPod.spec.containers[0]?.securityContext,
      runAsUser: 21009,
      runAsGroup: 21009,
    };
    return spec({ ephemeralContainers: [{ name: 'debugger', securityContext, ...changes }] });
  };

  test('an ordinary change passes', () => {
    expect(update(label('version', '2'))).toEqual([]);
    expect(update(container('app', { image: 'app:2' }))).toEqual([]);
    expect(update(annotation('sidecar.istio.io/status', 'x'))).toEqual([]);
    expect(update(debugging({}))).toEqual([]);
  });

  test("rules of an older guard don't hold up a change", () => {
    const old = annotation('guard.isthmus.dev/rules-v4', '# of an older guard')(istioPod);
    expect(refusalsOfUpdate(old, label('version', '2')(old), istioConfig)).toEqual([]);
  });

  test('an annotation that is not known stays where a pod has it already', () => {
    const old = annotation('sidecar.istio.io/new', 'x')(istioPod);
    expect(refusalsOfUpdate(old, label('version', '2')(old), istioConfig)).toEqual([]);
  });

  const own = { drop: ['ALL'] };
  test.each<Case>([
    [
      'the declaration',
      annotation('guard.isthmus.dev/allow', '[]'),
      /allow.*is changed, but the rules of a running pod stay/,
    ],
    ['the rules', annotation('guard.isthmus.dev/rules-v4', ''), /rules-v4.*is changed/],
    [
      'an annotation that the proxy reads when it starts again',
      annotation('sidecar.istio.io/discoveryAddress', 'evil.example:15012'),
      /discoveryAddress.*could change/,
    ],
    ['a label of the mesh', label('istio.io/dataplane-mode', 'ambient'), /dataplane-mode.*could change/],
    ["the proxy's image", container('istio-proxy', { image: 'evil' }), /istio-proxy.image: is changed/],
    ["guard's image", container('isthmus-guard-v4', { image: 'evil' }), /isthmus-guard-v4.image: is changed/],
    [
      'an ephemeral container with the app’s user',
      debugging({ securityContext: { runAsUser: 21001 } }),
      /debugger.*runAsUser: is the user of container app too/,
    ],
    [
      'an ephemeral container as Istio',
      debugging({ securityContext: { runAsUser: 1337 } }),
      /debugger.*runAsUser: is a user of/,
    ],
    ['an ephemeral container without user', debugging({ securityContext: {} }), /debugger.*runAsUser: is missing/],
    [
      'an ephemeral container with NET_ADMIN',
      debugging({ securityContext: { capabilities: { ...own, add: ['NET_ADMIN'] } } }),
      /debugger.*add: could change/,
    ],
    [
      'an ephemeral container that looks into another',
      debugging({ targetContainerName: 'cache' }),
      /targetContainerName: shows the processes/,
    ],
    [
      'an ephemeral container with the proxy’s files',
      debugging({ volumeMounts: [{ name: 'istio-envoy', mountPath: '/x' }] }),
      /debugger.volumeMounts: mounts a volume/,
    ],
    [
      'an ephemeral container with the proxy’s name',
      debugging({ name: 'istio-init' }),
      /ephemeralContainers.istio-init.*has the name of a mesh's own/,
    ],
  ])('refused: %s', (_, change, reason) => {
    expect(update(change)).toContainEqual(expect.stringMatching(reason));
  });
});
