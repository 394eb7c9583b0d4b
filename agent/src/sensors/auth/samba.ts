// samba: who may use its shares, as text ("Auth: [SMB2,(null)] user ...", log level auth_audit) and as JSON (auth_json_audit).
import { Outcome } from '@threatguard/proto';
import { attempt, type Fact, type Groups, type LineRule, nothing, says, withhold } from './fact.ts';

const { SUCCESS, FAILURE } = Outcome;
/** Of one JSON line; samba's own names and statuses take a hundredth of it. */
const JSON_CHARACTERS_MAX = 16 * 1024;
const PEER = /^ipv[46]:(?<address>[0-9a-fA-F.:]{2,64}):(?<port>\d{1,5})$/;
/** How each JSON line begins; what a peer chose comes later, and escaped. */
const JSON_LINE = '^\\s*(?<json>\\{"timestamp": ?"[^"]{1,40}", ?"type": ?"';

const SAMBA =
  /^\s*Auth: \[[^\]]{0,64}\] user \[(?<domain>[^\]]{0,255})\]\\\[(?<user>.{0,256}?)\] at \[[^\]]{0,64}\] with \[(?<method>[^\]]{0,64})\] status \[(?<reason>NT_STATUS_[A-Z_]{1,64})\] .{0,1200}?remote host \[(?:ipv[46]:(?<address>[0-9a-fA-F.:]{2,64}):(?<port>\d{1,5})|[^\]]{0,64})\]/s;
const SAMBA_MARKS = /\] status \[NT_STATUS_|remote host \[/g;

/** Names and workstation are the peer's words and may hold "]": more marks than one line has make it ambiguous. */
function textual(groups: Groups, said: string): Fact {
  const fact = byStatus(groups.reason ?? '', groups);
  return [...said.slice(0, 8192).matchAll(SAMBA_MARKS)].length > 2
    ? withhold(fact, 'event.outcome', 'user.name', 'source.ip', 'source.port')
    : fact;
}

function byStatus(status: string, groups: Groups): Fact {
  const isSuccess = status === 'NT_STATUS_OK';
  const invalid = status === 'NT_STATUS_NO_SUCH_USER' ? 'yes' : undefined;
  return attempt('samba', isSuccess ? SUCCESS : FAILURE)({ ...groups, invalid, reason: isSuccess ? '' : status });
}

/** A line that was cut on its way is no JSON any more, and states nothing that could be believed. */
function parseMembers(json = '', type: string): Record<string, unknown> | null {
  if (json.length > JSON_CHARACTERS_MAX) return null;
  try {
    const members: unknown = JSON.parse(json)[type];
    return typeof members === 'object' ? (members as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

function authenticated({ json }: Groups): Fact | null {
  const said = parseMembers(json, 'Authentication');
  const status = text(said?.status);
  if (!said || !status || !/^NT_STATUS_[A-Z_]{1,64}$/.test(status)) return null;
  const peer = PEER.exec(text(said.remoteAddress) ?? '')?.groups;
  return byStatus(status, { ...peer, user: text(said.clientAccount), method: text(said.passwordType) });
}

/** Says of each session again who has it. With Kerberos the password was given elsewhere, and this is all this host knows of the logon. */
function authorized({ json }: Groups): Fact | null {
  const said = parseMembers(json, 'Authorization');
  if (said?.authType !== 'krb5') return null;
  const peer = PEER.exec(text(said.remoteAddress) ?? '')?.groups;
  return attempt('samba', SUCCESS)({ ...peer, user: text(said.account), method: 'krb5' });
}

export const SAMBA_RULES: LineRule[] = [
  says(new RegExp(`${JSON_LINE}Authentication".*\\})\\s*$`, 's'), authenticated),
  says(new RegExp(`${JSON_LINE}Authorization".*\\})\\s*$`, 's'), authorized),
  nothing(new RegExp(`${JSON_LINE}\\w{1,40}")`)),
  says(/^(?<said>\s*Auth: \[.*)$/s, ({ said = '' }) => {
    const found = SAMBA.exec(said)?.groups;
    return found ? textual(found, said) : null;
  }),
  nothing(
    /^\s*(?:\[\d{4}\/|pam_|daemon_ready|STATUS=|smbd version|Copyright|check_ntlm|Successful|\w{1,40}: |\S{1,255} \(ipv)/,
  ),
];
