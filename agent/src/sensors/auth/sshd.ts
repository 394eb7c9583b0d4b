// sshd and, from OpenSSH 9.8, sshd-session and sshd-auth.
//
// One source per fact:
// - a logon attempt is the line "Failed|Accepted METHOD for ..."; pam_unix(sshd:auth) and "session opened" repeat it (pam.ts);
// - "Invalid user x" comes before any attempt. It is a LOGON of unknown outcome: counted as a failure only when sshd says so, yet
//   the name is on record when a scan goes away without trying a password;
// - the end before authentication is one PREAUTH_CLOSED, from the line that names the peer best: "Received disconnect ... port"
//   and "Disconnecting: Too many ..." are repeated by a fuller line of the same sshd and state nothing of their own;
// - the end of a session is pam_unix's "session closed".
//
// User names, key ids, banners and disconnect reasons are the peer's words. Address and port are therefore read from the fixed end
// of the line (greedy patterns), or from its fixed beginning where the peer's words come last.
import { Activity, EventClass, Outcome } from '@threatguard/proto';
import { type Fact, type LineRule, logon, origin } from './fact.ts';

const SERVICE = 'sshd';
type Groups = Record<string, string | undefined>;

const ATTEMPT =
  /^(?<result>Failed|Accepted) (?<method>\S{1,64}) for (?<invalid>(?:invalid|illegal) user )?(?<user>.*) from (?<address>\S+) port (?<port>\d+)(?: ssh\d?)?(?:: (?<key>\S+ \S+(?<certificate> ID .{0,512} \(serial \d{1,20}\) CA \S+ \S+)?)(?: \[preauth\])?)?$/s;
/** A second reading of a line whose end is a certificate's key id, which the peer chose just as he chose the name. */
const EARLIER_PEER = / from \S+ port \d+ ssh\d?: \S+ \S+ ID /;

function attempt(groups: Groups): Fact {
  const outcome = groups.result === 'Accepted' ? Outcome.SUCCESS : Outcome.FAILURE;
  const ambiguous = groups.certificate !== undefined && EARLIER_PEER.test(groups.user ?? '');
  const fact = logon(outcome, SERVICE, {
    user: { name: groups.user },
    authentication: {
      method: groups.method,
      ...(ambiguous ? {} : origin(groups)),
      keyFingerprint: groups.key?.split(' ', 2).join(' ') ?? '',
      invalidUser: groups.invalid !== undefined,
    },
  });
  return ambiguous ? { ...fact, missing: ['source.ip', 'source.port'] } : fact;
}

function announced(reason: string): (groups: Groups) => Fact {
  return (groups) =>
    logon(Outcome.OUTCOME_UNSPECIFIED, SERVICE, {
      user: { name: groups.user },
      authentication: { ...origin(groups), invalidUser: reason === 'invalid user', reason: groups.reason ?? reason },
    });
}

function refused(reason: string): (groups: Groups) => Fact {
  return (groups) =>
    logon(Outcome.FAILURE, SERVICE, {
      user: { name: groups.user },
      authentication: {
        method: groups.method,
        ...origin(groups),
        invalidUser: !!groups.invalid,
        reason: groups.reason ?? reason,
      },
    });
}

function closed(reason: string): (groups: Groups) => Fact {
  return (groups) => ({
    class: EventClass.AUTHENTICATION,
    activity: Activity.PREAUTH_CLOSED,
    outcome: Outcome.FAILURE,
    serviceName: SERVICE,
    user: groups.user === undefined ? undefined : { name: groups.user },
    authentication: {
      ...origin(groups),
      invalidUser: groups.kind?.startsWith('invalid') ?? false,
      reason: groups.reason ?? reason,
    },
  });
}

const rule = (pattern: RegExp, fact: LineRule['fact']): LineRule => ({ pattern, fact });

export const SSHD_RULES: LineRule[] = [
  rule(ATTEMPT, attempt),
  rule(/^(?:Invalid|Illegal) user (?<user>.*) from (?<address>\S+) port (?<port>\d+)$/s, announced('invalid user')),
  rule(/^(?:Invalid|Illegal) user (?<user>.*) from (?<address>\S+)$/s, announced('invalid user')),
  rule(
    /^User (?<user>.*) from (?<address>\S+) not allowed because (?<reason>(?:not listed in|listed in|none of|a group|account is|shell|not in any)[^"]{0,300})$/s,
    announced('not allowed'),
  ),
  rule(
    /^error: PAM: (?<reason>[^.]{1,120}) for (?<invalid>illegal user |invalid user )?(?<user>.*) from (?<address>\S+)$/s,
    (groups) => refused('PAM')({ ...groups, method: 'keyboard-interactive/pam' }),
  ),
  rule(
    /^fatal: Access denied for user (?<user>.*) by PAM account configuration(?: \[preauth\])?$/s,
    refused('PAM account configuration'),
  ),
  rule(
    /^(?:error: )?maximum authentication attempts exceeded for (?<kind>invalid user )?(?<user>.*) from (?<address>\S+) port (?<port>\d+)(?: ssh\d?)?(?: \[preauth\])?$/s,
    closed('maximum authentication attempts exceeded'),
  ),
  rule(/^Disconnecting: (?<reason>Too many authentication failures) for (?<user>.*?)(?: \[preauth\])?$/s, closed('')),
  rule(/^Disconnecting(?: (?:invalid|authenticating) user .*| \S+ port \d+)?: Too many authentication failures/s, null),
  rule(
    /^Disconnecting (?:(?<kind>invalid|authenticating) user )(?<user>.*) (?<address>[0-9a-fA-F.:%]+) port (?<port>\d+): Change of username or service not allowed: \(.{0,256}\) -> \(.{0,256}\)(?: \[preauth\])?$/s,
    changedName,
  ),
  rule(
    /^Disconnecting (?:(?<kind>invalid|authenticating) user (?<user>.*) )?(?<address>\S+) port (?<port>\d+): (?<reason>[^:]{1,200}?)(?: \[preauth\])?$/s,
    closed(''),
  ),
  rule(
    /^Connection (?<reason>closed|reset) by (?<kind>invalid|authenticating) user (?<user>.*) (?<address>\S+) port (?<port>\d+)(?: \[preauth\])?$/s,
    closed(''),
  ),
  rule(/^Connection (?<reason>closed|reset) by (?<address>\S+) port (?<port>\d+)(?: \[preauth\])?$/, closed('')),
  rule(/^Connection (?<reason>closed|reset) by (?<address>\S+) \[preauth\]$/, closed('')),
  rule(
    /^Disconnected from (?<kind>invalid|authenticating) user (?<user>.*) (?<address>\S+) port (?<port>\d+)(?: \[preauth\])?$/s,
    closed('disconnected'),
  ),
  rule(/^Disconnected from (?<address>\S+) port (?<port>\d+) \[preauth\]$/, closed('disconnected')),
  rule(/^(?:error: )?Received disconnect from \S+ port \d+:/, null),
  rule(/^(?:error: )?Received disconnect from (?<address>\S+): \d+: (?<reason>.*?) ?\[preauth\]$/s, closed('')),
  rule(
    /^(?:error: )?(?:Did not receive identification string|kex_exchange_identification: client sent invalid protocol identifier) from (?<address>\S+?)(?: port (?<port>\d+))?$/,
    closed('no identification string'),
  ),
  rule(
    /^(?:error: )?Bad protocol version identification '.*' from (?<address>\S+)(?: port (?<port>\d+))?$/s,
    closed('bad protocol version'),
  ),
  rule(
    /^(?:error: )?(?:banner exchange|ssh_dispatch_run_fatal): Connection from (?:(?<kind>invalid|authenticating) user (?<user>.*) )?(?<address>\S+) port (?<port>\d+): (?<reason>[^:]{1,200}?)(?: \[preauth\])?$/s,
    closed(''),
  ),
  rule(
    /^(?:fatal: )?Unable to negotiate with (?<address>\S+?)(?: port (?<port>\d+))?: (?<reason>.{1,200})/s,
    closed(''),
  ),
  rule(
    /^(?:fatal: )?Timeout before authentication for (?:connection from )?(?<address>[^\s,]+)(?: port (?<port>\d+)| to .*)?$/,
    closed('timeout before authentication'),
  ),
  rule(/^(?:error: )?(?:beginning MaxStartups throttling|exited MaxStartups throttling)/, null),
  rule(
    /^drop connection #\d+ from \[(?<address>[^\]\s]+)\]:(?<port>\d+) on \[[^\]\s]+\]:\d+ (?<reason>[a-zA-Z: ]{1,120})/,
    closed(''),
  ),
  rule(
    /^(?:Postponed |Partial |input_userauth_request: |Received disconnect|Disconnected from|Disconnecting|Connection (?:closed|reset) by|Connection from |Server listening|Received signal|Starting session|Close session|Closing connection|User child is on|PAM \d+ more auth|PAM service\(|reverse mapping|Address \S+ maps to|Nasty PTR|Could not get shadow|subsystem request|Transferred:|Found matching|Accepted key |Authentication (?:refused|tried)|ROOT LOGIN REFUSED|Exiting on signal|Set \/|rexec line|pam_|fatal: (?:Write failed|Read from socket|no matching|ssh_|mm_|monitor|userauth|Unable|Connection)|error: (?:kex|Could not|connect_to|channel|ssh|Protocol|key_|kex_exchange|Hm, |beginning|session|buffer|no more|userauth|mm_|Unable|maximum|Bind|accept|write|Fssh)|ssh_packet|Corrupted MAC|Bad packet|dispatch_|srclimit|penalty|Timeout, client|syslogin_perform_logout|Protocol major versions|Did not receive|Bad protocol|kex_)/,
    null,
  ),
];

/** The reason holds names the peer chose twice; more than one reading of the address means none. */
function changedName(groups: Groups): Fact {
  const fact = closed('change of username or service not allowed')(groups);
  const several = / [0-9a-fA-F.:%]+ port \d+: Change of username/.test(groups.user ?? '');
  if (!several) return fact;
  return {
    ...fact,
    authentication: { ...fact.authentication, sourceAddress: '', sourcePort: 0 },
    missing: ['source.ip'],
  };
}
