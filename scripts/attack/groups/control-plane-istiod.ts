/** istiod, asked for what is another service's: certificates and Secrets. */
import { type Attack, type AttackRow, by, type Control, type How, type Observation } from '../attack';
import type { Field } from '../field';
import { leastPrivilege } from '../references';
import { certificate, ownCertificate, ownSecret, secret } from '../steps/istiod';

interface IstiodRow extends AttackRow {
  readonly ask: (field: Field) => Promise<Observation>;
  readonly how: readonly How[];
  readonly control: (field: Field) => Promise<Control>;
}

const istiodRows: readonly IstiodRow[] = [
  {
    name: 'certificate-without-token',
    title: "asks istiod for the caller's certificate without a token",
    serves: ['M8', 'SP 800-204A SM-DR16'],
    ask: (field) => certificate(field, field.cast.callerIdentity, {}),
    how: ['unauthorized'],
    control: ownCertificate,
  },
  {
    name: 'certificate-other-name',
    title: "asks istiod for the caller's certificate with the consumer's token",
    serves: leastPrivilege,
    ask: (field) => certificate(field, field.cast.callerIdentity, { as: field.cast.consumer }),
    how: ['unauthorized', 'not-believed'],
    control: ownCertificate,
  },
  {
    name: 'certificate-impersonated',
    title: "asks istiod to act for the caller, with the consumer's token",
    serves: leastPrivilege,
    ask: (field) =>
      certificate(field, field.cast.callerIdentity, {
        as: field.cast.consumer,
        impersonates: field.cast.callerIdentity,
      }),
    how: ['unauthorized', 'not-believed'],
    control: ownCertificate,
  },
  {
    name: 'certificate-api-token',
    title: 'asks istiod for a certificate with a token that is for the Kubernetes API',
    serves: ['M8', 'SP 800-204A SM-DR16'],
    ask: (field) =>
      certificate(field, field.cast.callerIdentity, {
        as: field.cast.caller,
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
    ask: async (field) => {
      const { consumerSecret, caller } = field.cast;
      return (await secret(field, consumerSecret, caller, { as: caller })).observation;
    },
    how: ['unauthorized'],
    control: ownSecret,
  },
  {
    name: 'secret-other-node',
    title: "asks istiod for the consumer's federation key as the consumer's proxy, with the caller's token",
    serves: leastPrivilege,
    ask: async (field) =>
      (await secret(field, field.cast.consumerSecret, field.cast.consumer, { as: field.cast.caller })).observation,
    how: ['unauthorized'],
    control: ownSecret,
  },
  {
    name: 'secret-named-namespace',
    title: "asks istiod for the consumer's federation key by namespace and name",
    serves: leastPrivilege,
    ask: async (field) => {
      const { consumer, consumerSecret, caller } = field.cast;
      return (await secret(field, `${consumer.namespace}/${consumerSecret}`, caller, { as: caller })).observation;
    },
    how: ['unauthorized'],
    control: ownSecret,
  },
];

export const istiodAttacks: readonly Attack<Field>[] = istiodRows.map(
  ({ name, title, serves, ask, how, control }): Attack<Field> => ({
    id: `control-plane/${name}`,
    group: 'control-plane',
    title,
    serves,
    attempt: ask,
    refusedWhen: by(...how),
    control,
  }),
);
