// Sessions as those state them who only keep them: systemd-logind, systemd, cron; and display managers beside PAM.
import { Outcome } from '@threatguard/proto';
import { attempt, closed, type LineRule, logoff, nothing, repeats, says } from './fact.ts';

const { SUCCESS, FAILURE } = Outcome;

export const LOGIND_RULES: LineRule[] = [
  repeats(/^New session '?[\w-]{1,64}'? of user '?(?<user>[^'\s]{1,255}?)'?(?:\.| with class .{1,200})$/, (groups) =>
    attempt('systemd-logind', SUCCESS)(groups),
  ),
  repeats(/^(?:Removed session '?[\w-]{1,64}'?\.|Session '?[\w-]{1,64}'? logged out\..{0,100})$/, () =>
    logoff('systemd-logind', ''),
  ),
  nothing(
    /^(?:New seat|Watching system buttons|Power key|Suspend key|Lid |System is|The system will|Failed to|Existing logind|User (?:enumeration|of session)|Session .{1,64} |Creating |Operation |Delay lock|Hibernate|Reboot|Docked|Undocked|Got |Could not|Removed seat|User '?\S{1,255}'? )/,
  ),
];

export const SYSTEMD_RULES: LineRule[] = [
  repeats(
    /^(?:Started|Starting) (?:session-[\w-]{1,64}\.scope - )?Session [\w-]{1,64} of [Uu]ser (?<user>\S{1,255}?)\.?$/,
    (groups) => attempt('systemd', SUCCESS)(groups),
  ),
  nothing(
    /^(?:(?:Started|Starting|Stopped|Stopping|Created|Removed|Reached|Finished|Listening|Closed|Mounted|Reloading|Reloaded) |[\w@.:\\-]{1,255}: |Startup finished|Queued start|Received SIG|Activating|Detected|Set hostname)/,
  ),
];

/** cron, crond, anacron, atd: their sessions come through PAM; here only what PAM keeps anybody from. */
export const CRON_RULES: LineRule[] = [
  says(
    /^\((?<user>[^()\s]{1,255})\) FAILED \((?<reason>to authorize user with PAM .{1,200})\)$/,
    attempt('cron', FAILURE, { method: 'pam' }),
  ),
  says(/^FAILED to authorize user with PAM \((?<reason>.{1,200})\)$/, attempt('cron', FAILURE, { method: 'pam' })),
  nothing(
    /^(?:\([^()]{0,255}\) |Job [`'"]|Anacron |Normal exit|Jobs will|Will run job|Updated timestamp|CRON \(|INFO|Starting job|pam_|Authentication service|No mail|Exec error|RELOAD|ORPHAN|grandchild|error|CMD |Can't|BAD FILE|Cannot|Queue )/,
  ),
];

/** lightdm, sddm, gdm: PAM states who came in; they say a failure once more. */
export const DISPLAY_RULES: LineRule[] = [
  repeats(
    /^(?:sddm-helper: )?\[PAM\] authenticate: (?<reason>Authentication failure|User not known.{0,100})$/,
    attempt('sddm', FAILURE, { method: 'pam' }),
  ),
  repeats(
    /^Authentication for user +"(?<user>[^"]{0,255})" +(?:failed|FAILED)$/,
    attempt('sddm', FAILURE, { method: 'pam' }),
  ),
  // gdm of old Red Hat.
  repeats(/^(?<reason>Couldn't authenticate user)$/, attempt('gdm', FAILURE, { method: 'pam' })),
  nothing(/^/),
];

export const COCKPIT_RULES: LineRule[] = [
  says(/^(?<user>\S{1,255}?): user (?:is not allowed|account .{1,100})$/, attempt('cockpit', FAILURE)),
  repeats(/^(?:User )?'?(?<user>[^'\s]{1,255})'? logged (?:in|into).{0,200}$/, attempt('cockpit', SUCCESS)),
  repeats(/^(?:logged (?:out|in) user session|(?<user>\S{1,255}) logged out.{0,100})$/, (groups) =>
    logoff('cockpit', groups.user ?? ''),
  ),
  nothing(
    /^(?:pam_|gnutls|Using certificate|New connection|couldn't|received|session|error|.{1,64}: (?:user|bridge|couldn't))/,
  ),
];

export const XRDP_RULES: LineRule[] = [
  says(
    /^(?:\[\S{1,16} *\] )?AUTHFAIL: user=(?<user>.{0,256}) ip=(?<address>\S{1,255}) time=\d{1,20}$/s,
    attempt('xrdp', FAILURE, { method: 'password' }),
  ),
  says(
    /^(?:\[\S{1,16} *\] )?Created session \(access granted\): username (?<user>.{1,256}), ip (?<address>\S{1,255}?)(?::(?<port>\d{1,5}))?(?: - socket: \d+)?$/s,
    attempt('xrdp', SUCCESS, { method: 'password' }),
  ),
  says(/^(?:\[\S{1,16} *\] )?session ended: username (?<user>.{1,256}?), display .{1,100}$/s, (groups) =>
    logoff('xrdp', groups.user ?? ''),
  ),
  repeats(
    /^(?:\[\S{1,16} *\] )?(?:Access permitted for user: (?<user>.{1,256})|session started: username (?<name>.{1,256}?), display .{1,100})$/s,
    (groups) => attempt('xrdp', SUCCESS)({ user: groups.user ?? groups.name }),
  ),
  repeats(
    /^(?:\[\S{1,16} *\] )?(?<reason>Username or password error) for user: (?<user>.{0,256})$/s,
    attempt('xrdp', FAILURE, { method: 'password' }),
  ),
  nothing(/^(?:\[\S{1,16} *\] )/),
];

/** rsh, rlogin and telnet servers, where there still are some. */
export const REMOTE_SHELL_RULES: LineRule[] = [
  says(
    /^(?<from>\S{1,255})@(?<address>\S{1,255}) as (?<user>\S{1,255}): cmd='.{0,4096}'$/s,
    attempt('rshd', SUCCESS, { method: 'rhosts' }),
  ),
  says(
    /^(?<from>\S{1,255})@(?<address>\S{1,255}) as (?<user>\S{1,255}): (?<reason>permission denied.{0,200}).{0,4096}$/is,
    attempt('rshd', FAILURE, { method: 'rhosts' }),
  ),
  says(/^(?<reason>ttloop: .{1,100})$/, closed('telnetd')),
  nothing(/^(?:connect from|pam_|Connection from|PAM |getpeername)/),
];
