/** Every way to a pod's annotations that does not pass the webhook is closed, for the namespaces that are guarded. */
import { guardFreeze } from '../../../constructs/guard/freeze';

interface Policy {
  readonly spec: {
    readonly failurePolicy: string;
    readonly matchConditions?: unknown;
    readonly matchConstraints: {
      readonly namespaceSelector: { readonly matchLabels: Readonly<Record<string, string>> };
      readonly resourceRules: readonly {
        readonly resources: readonly string[];
        readonly operations: readonly string[];
      }[];
    };
    readonly validations: readonly { readonly expression: string }[];
  };
}

const objects = guardFreeze();
const policies = objects
  .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
  .map((it) => it as unknown as Policy);

test('updates of pods and of their status, and both kinds of bindings', () => {
  const judged = policies.flatMap(({ spec }) =>
    spec.matchConstraints.resourceRules.flatMap(({ resources, operations }) =>
      resources.map((resource) => `${operations.join()} ${resource}`),
    ),
  );
  expect(judged).toEqual(['UPDATE pods', 'UPDATE pods/status', 'CREATE pods/binding', 'CREATE bindings']);
});

test('whoever asks, in every guarded namespace; what can not be judged is denied', () => {
  for (const { spec } of policies) {
    expect(spec.failurePolicy).toBe('Fail');
    expect(spec.matchConditions).toBeUndefined();
    expect(spec.matchConstraints.namespaceSelector.matchLabels).toEqual({ 'guard.isthmus.dev/enforce': 'true' });
  }
  expect(objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')).toHaveLength(policies.length);
});

test('annotations and labels alike, of guard and of the meshes', () => {
  for (const { spec } of policies) {
    expect(spec.validations.map(({ expression }) => /metadata\.(\w+)/.exec(expression)?.[1])).toEqual([
      'annotations',
      'labels',
    ]);
    for (const { expression } of spec.validations) {
      expect(expression).toContain("k.startsWith('guard.isthmus.dev/')");
      expect(expression).toContain("k.matches('(^|[.])istio[.]io/|^consul[.]hashicorp[.]com/')");
    }
  }
});
