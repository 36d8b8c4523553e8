/** What the Kubernetes API's answer says of who stopped a call. */
import type { ApiAnswer } from '../../kube-api';
import type { Observation, Stop } from '../attack';
import type { KubeCall } from '../vantage/kube';

export function kubeObservation(
  { method, path }: KubeCall,
  { status, message }: Pick<ApiAnswer, 'status' | 'message'>,
): Observation {
  const stop = stopOf(status, message);
  return {
    tried: `${method} ${path}`,
    answered: `${status}${message === '' ? '' : `, ${message}`}`,
    status,
    notes: [],
    ...(stop === undefined ? {} : { stop }),
  };
}

function stopOf(status: number, message: string): Stop | undefined {
  const api = 'the Kubernetes API';
  if (status === 401) return { how: 'unauthorized', who: api, what: '401' };
  if (status === 403 && /cannot \w+ resource/.test(message))
    return { how: 'unauthorized', who: api, what: `403, ${message}` };
  const [, policy, why = ''] = /ValidatingAdmissionPolicy '([^']+)'.*denied request: (.*)$/s.exec(message) ?? [];
  // A rule that could not be judged denies as well, but whatever was asked: it proves nothing.
  if (policy !== undefined && !why.includes('resulted in error'))
    return { how: 'admission', who: `admission policy ${policy}`, what: why };
  const [, webhook, because = ''] = /admission webhook "([^"]+)" denied the request:? (.*)$/s.exec(message) ?? [];
  if (webhook !== undefined) return { how: 'admission', who: `webhook ${webhook}`, what: because };
  if (status === 422 && /field is immutable|cannot set `allowPrivilegeEscalation`/.test(message))
    return { how: 'admission', who: api, what: message };
  return undefined;
}
