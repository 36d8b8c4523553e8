/** Who answered: mesh, service, and the identities that its proxy verified. */
import type { Served } from '../../common/answers';

const meshNames = { istio: 'Istio', consul: 'Consul' } as const;

export interface ProvenanceProps {
  readonly served: Served | undefined;
  readonly testId: string;
}

export function Provenance({ served, testId }: ProvenanceProps) {
  if (served === undefined) return <p className="provenance skeleton-line" data-testid={testId} />;
  return (
    <div className="provenance" data-testid={testId}>
      <p className="provenance-who">
        <MeshBadge served={served} />
        <span>
          answered by <strong>{served.service}</strong>
        </span>
      </p>
      {served.identity === null && served.caller === null ? (
        <p className="provenance-none">No mesh proxy vouched for this answer.</p>
      ) : (
        <dl>
          <dt>identity</dt>
          <dd>
            <Identity text={served.identity} />
          </dd>
          <dt>saw caller</dt>
          <dd>
            <Identity text={served.caller} />
          </dd>
        </dl>
      )}
    </div>
  );
}

export function MeshBadge({ served }: { readonly served: Served }) {
  const { kind, mesh } = served;
  if (kind === null) return <span className="badge">{mesh ?? 'no mesh'}</span>;
  return (
    <span className={`badge badge-${kind}`}>
      {meshNames[kind]}
      {mesh === null ? '' : ` · ${mesh}`}
    </span>
  );
}

/** A SPIFFE ID may break after each slash, so that it wraps where a reader would. */
function Identity({ text }: { readonly text: string | null }) {
  if (text === null) return <span className="quiet">not shown by its proxy</span>;
  return (
    <code>
      {text.split(/(?<=\/)(?!\/)/).map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts never move
        <span key={index}>
          {part}
          <wbr />
        </span>
      ))}
    </code>
  );
}
