/** istiod, asked for what is another service's: certificates and Secrets. */
import { type Attack, type AttackRow, by, type Control, type How, type Need, type Observation } from '../attack';
import { insideIn, strangerIdentity } from '../cast';
import type { Field } from '../field';
import { leastPrivilege } from '../references';
import { certificate, ownCertificate, ownSecret, secret } from '../steps/istiod';

interface IstiodRow extends AttackRow {
  readonly ask: (field: Field) => Promise<Observation>;
  readonly how: readonly How[];
  readonly control: (field: Field) => Promise<Control>;
  readonly needs?: Need;
}

const istiodRows: readonly IstiodRow[] = [
  {
    name: 'certificate-without-token',
    title: "asks istiod for the caller's certificate without a token",
    serves: ['M8', 'SP 800-204A SM-DR16'],
    ask: (field) => certificate(field, strangerIdentity(field.cast), {}),
    how: ['unauthorized'],
    control: ownCertificate,
  },
  {
    name: 'certificate-other-name',
    title: "asks istiod for the caller's certificate with the consumer's token",
    serves: leastPrivilege,
    ask: (field) => certificate(field, strangerIdentity(field.cast), { as: field.cast.consumer }),
    how: ['unauthorized', 'not-believed'],
    control: ownCertificate,
  },
  {
    name: 'certificate-impersonated',
    title: "asks istiod to act for the caller, with the consumer's token",
    serves: leastPrivilege,
    ask: (field) =>
      certificate(field, strangerIdentity(field.cast), {
        as: field.cast.consumer,
        impersonates: strangerIdentity(field.cast),
      }),
    how: ['unauthorized', 'not-believed'],
    control: ownCertificate,
  },
  {
    name: 'certificate-api-token',
    title: 'asks istiod for a certificate with a token that is for the Kubernetes API',
    serves: ['M8', 'SP 800-204A SM-DR16'],
    needs: 'inside',
    ask: (field) =>
      certificate(field, insideIn(field.cast).identity, {
        as: insideIn(field.cast).service,
        audience: 'https://kubernetes.default.svc.cluster.local',
      }),
    how: ['unauthorized'],
    control: ownCertificate,
  },
  {
    name: 'secret-without-token',
    title: "asks istiod for the consumer's federation key without a token",
    serves: ['M8', 'SP 800-204A SM-DR16'],
    ask: async (field) => (await secret(field, field.cast.consumerSecret, field.cast.consumer, {})).observation,
    how: ['unauthorized'],
    control: ownSecret,
  },
  {
    name: 'secret-other-namespace',
    title: "asks istiod for the consumer's federation key as the caller's proxy",
    serves: leastPrivilege,
    needs: 'inside',
    ask: async (field) => {
      const { consumerSecret } = field.cast;
      const caller = insideIn(field.cast).service;
      return (await secret(field, consumerSecret, caller, { as: caller })).observation;
    },
    how: ['unauthorized'],
    control: ownSecret,
  },
  {
    name: 'secret-other-node',
    title: "asks istiod for the consumer's federation key as the consumer's proxy, with the caller's token",
    serves: leastPrivilege,
    needs: 'inside',
    ask: async (field) =>
      (await secret(field, field.cast.consumerSecret, field.cast.consumer, { as: insideIn(field.cast).service }))
        .observation,
    how: ['unauthorized'],
    control: ownSecret,
  },
  {
    name: 'secret-named-namespace',
    title: "asks istiod for the consumer's federation key by namespace and name",
    serves: leastPrivilege,
    needs: 'inside',
    ask: async (field) => {
      const { consumer, consumerSecret } = field.cast;
      const caller = insideIn(field.cast).service;
      return (await secret(field, `${consumer.namespace}/${consumerSecret}`, caller, { as: caller })).observation;
    },
    how: ['unauthorized'],
    control: ownSecret,
  },
];

export const istiodAttacks: readonly Attack<Field>[] = istiodRows.map(
  ({ name, title, serves, ask, how, control, needs }): Attack<Field> => ({
    id: `control-plane/${name}`,
    group: 'control-plane',
    title,
    serves,
    attempt: ask,
    refusedWhen: by(...how),
    control,
    ...(needs === undefined ? {} : { needs }),
  }),
);
