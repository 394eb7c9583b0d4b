// Lines of sshd in which the peer's words stand before, between or after the fixed fields: every reading is looked for, and where
// there are several, what they differ in is withheld.
import { Outcome } from '@threatguard/proto';
import { attempt, closedEarly, type Fact, type Groups, origin, privilege, withhold } from './fact.ts';

const SERVICE = 'sshd';
/** Where a peer is named: its address cannot hold a space. */
const PEER = / from (?<address>\S{1,255}) port (?<port>\d{1,5})(?: ssh\d?)?(?=$|:| \[preauth\])/g;
const END = /^(?: \[preauth\])?$/;
/** "KEY FINGERPRINT", then the id in a certificate or the client's user in host-based logons, both the peer's words. */
const CREDENTIAL =
  /^: (?<key>[\w@.-]{1,64}(?: [\w:+/=-]{1,255})?)(?: ID .{0,512} \(serial \d{1,20}\) CA \S{1,64} \S{1,255})?(?:, client user ".{0,110}", client host ".{0,110}")?(?: \[preauth\])?$/s;
/** Of GSSAPI. */
const PRINCIPAL = /^: (?<principal>\S{1,255})(?: \[preauth\])?$/;
const WITH_CREDENTIAL = /^(?:publickey|hostbased|gssapi)/;
/** Readings looked at: no name that sshd logs can hold more. */
const READINGS_MAX = 512;

/** "Failed|Accepted|Partial METHOD for" and the rest of the line. */
export function attempted(groups: Groups): Fact | null {
  const { rest = '', method = '', result } = groups;
  const readings: Groups[] = [];
  let looked = 0;
  for (const match of rest.matchAll(PEER)) {
    if (++looked > READINGS_MAX) break;
    const tail = rest.slice(match.index + match[0].length);
    const credential = WITH_CREDENTIAL.test(method) ? (CREDENTIAL.exec(tail) ?? PRINCIPAL.exec(tail)) : null;
    if (credential || END.test(tail))
      readings.push({ ...match.groups, key: credential?.groups?.key, before: rest.slice(0, match.index) });
  }
  const reading = readings.at(-1);
  if (!reading) return null;
  const named = /^(?<invalid>(?:invalid|illegal) user )?(?<user>.*)$/s.exec(reading.before ?? '')?.groups;
  const outcome = { Accepted: Outcome.SUCCESS, Failed: Outcome.FAILURE }[result ?? ''] ?? Outcome.OUTCOME_UNSPECIFIED;
  const fact = attempt(SERVICE, outcome, { method })({
    ...reading,
    ...named,
    ...(result === 'Partial' && { reason: 'further authentication needed' }),
  });
  return readings.length > 1 || looked > READINGS_MAX ? withhold(fact, 'source.ip', 'source.port') : fact;
}

/** The reason holds names the peer chose twice; more than one reading of the address means none. */
export function changedName(groups: Groups): Fact {
  const rest = groups.rest ?? '';
  const found = [...rest.matchAll(/ (?<address>[0-9a-zA-Z.:%_-]{1,255}) port (?<port>\d{1,5}): Change of username/g)];
  const first = found[0];
  const fact = closedEarly(SERVICE, {
    user: { name: rest.slice(0, first?.index ?? 0) },
    authentication: {
      ...origin(first?.groups ?? {}),
      invalidUser: groups.kind === 'invalid',
      reason: 'change of username or service not allowed',
    },
  });
  return found.length === 1 ? fact : withhold(fact, 'source.ip', 'source.port', 'user.name');
}

/** A tunnel somebody asked for and did not get: a right refused to who is logged on, whom the line does not name. */
export function forwardRefused({ command }: Groups): Fact {
  return {
    ...privilege(Outcome.FAILURE, SERVICE, { authentication: { command, reason: 'forwarding refused' } }),
    missing: ['user.name', 'source.ip'],
  };
}
