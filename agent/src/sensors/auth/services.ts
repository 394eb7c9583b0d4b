// dropbear, ftpd, vsftpd, proftpd, klogind, dovecot, postfix SASL, samba. Each states its own logons, except vsftpd and ftpd failures,
// which only PAM writes to the authentication log.
import { Activity, EventClass, Outcome } from '@threatguard/proto';
import { type Fact, type LineRule, logon, origin } from './fact.ts';

type Groups = Record<string, string | undefined>;

function attempt(service: string, outcome: Outcome, method = 'password', fixed: Groups = {}) {
  return (groups: Groups): Fact => {
    const all = { ...fixed, ...groups };
    return logon(outcome, service, {
      user: { name: all.user ?? '' },
      authentication: {
        method: all.method || method,
        ...origin(all),
        keyFingerprint: all.key ?? '',
        invalidUser: all.invalid !== undefined,
        reason: all.reason ?? '',
        count: all.count && all.count !== '1' ? Number(all.count) : 0,
      },
    });
  };
}

function closed(service: string, reason: string) {
  return (groups: Groups): Fact => ({
    class: EventClass.AUTHENTICATION,
    activity: Activity.PREAUTH_CLOSED,
    outcome: Outcome.FAILURE,
    serviceName: service,
    authentication: { ...origin(groups), reason: groups.reason ?? reason },
  });
}

const { SUCCESS, FAILURE } = Outcome;

export const DROPBEAR_RULES: LineRule[] = [
  {
    pattern: /^[Bb]ad password attempt for '(?<user>.{0,256})' from (?<address>\S+):(?<port>\d+)$/s,
    fact: attempt('dropbear', FAILURE),
  },
  {
    pattern: /^Login attempt for nonexistent user(?: '(?<user>.{0,256})')? from (?<address>\S+):(?<port>\d+)$/s,
    fact: attempt('dropbear', FAILURE, 'password', { invalid: 'yes', reason: 'nonexistent user' }),
  },
  {
    pattern: /^Password auth succeeded for '(?<user>.{0,256})' from (?<address>\S+):(?<port>\d+)$/s,
    fact: attempt('dropbear', SUCCESS),
  },
  {
    pattern:
      /^Pubkey auth succeeded for '(?<user>.{0,256})' with (?:\S+ )?key (?<key>\S+) from (?<address>\S+):(?<port>\d+)$/s,
    fact: attempt('dropbear', SUCCESS, 'publickey'),
  },
  {
    pattern: /^PAM password auth succeeded for '(?<user>.{0,256})' from (?<address>\S+):(?<port>\d+)$/s,
    fact: attempt('dropbear', SUCCESS, 'pam'),
  },
  {
    pattern: /^Exit before auth from <(?<address>[^>\s]+):(?<port>\d+)>: (?<reason>.{0,300})$/s,
    fact: closed('dropbear', ''),
  },
  { pattern: /^(?:Child connection from|Exit|Running in|Not backgrounding|Early exit|pam_)/, fact: null },
];

export const FTP_RULES: LineRule[] = [
  {
    pattern: /^ANONYMOUS FTP LOGIN FROM (?<address>[^\s,]+), ?.{0,300}?(?: \((?<user>[^)]{0,255})\))?$/s,
    fact: attempt('ftpd', SUCCESS, 'anonymous'),
  },
  {
    pattern: /^FTP LOGIN FROM (?<address>[^\s,]+),? .{0,300}?\((?<user>[^)]{0,255})\)$/s,
    fact: attempt('ftpd', SUCCESS),
  },
  {
    pattern: /^(?:\[pid \d+\] )?\[(?<user>[^\]]{0,255})\] OK LOGIN: Client "(?<address>[^",\s]{1,255})"/,
    fact: attempt('vsftpd', SUCCESS),
  },
  { pattern: /^.{0,600}?USER (?<user>.{0,256}?): Login successful\.?$/s, fact: proftpd(SUCCESS) },
  { pattern: /^.{0,600}?USER (?<user>.{0,256}?) \(Login failed\): (?<reason>.{0,200}?)\.?$/s, fact: proftpd(FAILURE) },
  {
    pattern: /^.{0,600}?USER (?<user>.{0,256}?): no such user found from .{0,600}$/s,
    fact: proftpd(FAILURE, 'no such user'),
  },
  {
    pattern: /^.{0,600}?SECURITY VIOLATION: .{0,40}root login attempted/i,
    fact: proftpd(FAILURE, 'root login attempted', 'root'),
  },
  {
    pattern:
      /^(?:connection from|CONNECT|(?:\[pid \d+\] )?(?:\[.{0,255}\] )?(?:FAIL LOGIN|CONNECT)|getpeername|User unknown timed out|.{0,600}FTP session (?:opened|closed)|pam_)/,
    fact: null,
  },
];

/** proftpd names the peer at the start, "(host[address])" or "host (name[address]) - ": its own words, before the user's. */
function proftpd(outcome: Outcome, reason = '', user?: string) {
  return (groups: Groups): Fact =>
    attempt(
      'proftpd',
      outcome,
    )({
      ...groups,
      user: user ?? groups.user,
      reason: groups.reason ?? reason,
      invalid: reason === 'no such user' ? 'yes' : undefined,
    });
}

/** The address of a proftpd line, which stands before anything the peer chose. */
export function withProftpdPeer(message: string, fact: Fact): Fact {
  const address = /^(?:\S{1,255} )?\([^[\s]{0,255}\[(?<address>[0-9a-fA-F.:]{1,64})\]\)/.exec(message)?.groups?.address;
  return { ...fact, authentication: { ...fact.authentication, ...origin({ address }) } };
}

export const KLOGIND_RULES: LineRule[] = [
  {
    pattern: /^Authentication failed from (?<address>\S{1,255}) \(\S{0,255}\): (?<reason>.{0,300})$/s,
    fact: attempt('klogind', FAILURE, 'kerberos'),
  },
  // The same failure said a second and third time, without the peer.
  { pattern: /^(?:Kerberos authentication failed|Couldn't authenticate user|ROOT LOGIN)/, fact: null },
];

export const DOVECOT_RULES: LineRule[] = [
  {
    pattern:
      /^(?:\S{1,32}-login: )(?:Info: )?Login: user=<(?<user>[^>]{0,255})>, method=(?<method>[^,\s]{0,64}), rip=(?<address>[^,\s]{1,64}),/,
    fact: attempt('dovecot', SUCCESS),
  },
  {
    pattern:
      /^(?:\S{1,32}-login: )(?:Info: )?(?:Disconnected|Aborted login|Login aborted)[^(]{0,200}\((?<reason>auth failed), (?<count>\d{1,4}) attempts[^)]{0,100}\)(?: \([^)]{0,64}\))?: user=<(?<user>[^>]{0,255})>, (?:method=(?<method>[^,\s]{0,64}), )?rip=(?<address>[^,\s]{1,64}),/,
    fact: attempt('dovecot', FAILURE),
  },
  { pattern: /^(?:\S{1,32}-login: |imap|pop3|lda|lmtp|master|auth|anvil|log|config|pam_|managesieve)/, fact: null },
];

export const POSTFIX_RULES: LineRule[] = [
  {
    pattern:
      /^(?:warning: )?[^\s[]{1,255}\[(?<address>[0-9a-fA-F.:]{2,64})\](?::(?<port>\d+))?: SASL (?<method>\S{1,64}) authentication failed: (?<reason>.{0,300}?)(?:, sasl_username=(?<user>.{0,255}))?$/s,
    fact: attempt('postfix', FAILURE),
  },
  {
    pattern:
      /^[0-9A-Za-z]{1,32}: client=[^\s[]{1,255}\[(?<address>[0-9a-fA-F.:]{2,64})\](?::(?<port>\d+))?, sasl_method=(?<method>[^,\s]{1,64}), sasl_username=(?<user>[^,]{1,255})/,
    fact: attempt('postfix', SUCCESS),
  },
  {
    pattern:
      /^(?:connect |disconnect |lost connection|warning: |NOQUEUE|[0-9A-Za-z]{6,32}: |statistics|timeout|improper|too many|SSL_|TLS|Anonymous TLS|Trusted|Untrusted)/,
    fact: null,
  },
];

export const SAMBA_RULES: LineRule[] = [
  {
    pattern:
      /^\s*Auth: \[[^\]]{0,64}\] user \[[^\]]{0,255}\]\\\[(?<user>[^\]]{0,255})\] at \[[^\]]{0,64}\] with \[(?<method>[^\]]{0,64})\] status \[(?<reason>NT_STATUS_[A-Z_]{1,64})\] .{0,600}remote host \[ipv[46]:(?<address>[0-9a-fA-F.:]{2,64}):(?<port>\d+)\]/,
    fact: (groups) => {
      const success = groups.reason === 'NT_STATUS_OK';
      const invalid = groups.reason === 'NT_STATUS_NO_SUCH_USER' ? 'yes' : undefined;
      return attempt(
        'samba',
        success ? SUCCESS : FAILURE,
      )({ ...groups, invalid, reason: success ? '' : groups.reason });
    },
  },
];
