/** Who a certificate speaks for: stands in it as the one URI of its SubjectAltName, `threatguard://agent/<id>`. */
export interface PeerName {
  kind: 'agent' | 'console' | 'collector';
  id: string;
}

const URI = /^threatguard:\/\/(agent|console|collector)\/([A-Za-z0-9._-]{1,128})$/;

export function peerUri(name: PeerName): string {
  return `threatguard://${name.kind}/${name.id}`;
}

/** Reads the SubjectAltName as node:crypto prints it; undefined unless it holds exactly one URI of ours. */
export function parsePeerName(subjectAltName: string | undefined): PeerName | undefined {
  const uris = (subjectAltName ?? '').split(', ').filter((entry) => entry.startsWith('URI:'));
  const match = uris.length === 1 ? URI.exec(uris[0]!.slice('URI:'.length)) : null;
  return match ? { kind: match[1] as PeerName['kind'], id: match[2]! } : undefined;
}
