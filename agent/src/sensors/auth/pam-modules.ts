// What PAM modules beside pam_unix say, in words of their own.
import { Outcome } from '@threatguard/proto';
import { attempt, type Groups, type LineRule, nothing, privilege, repeats, says } from './fact.ts';
import type { PamService } from './pam-unix.ts';

const NAME = '.{1,256}';

export function moduleRules({ service, module, raises }: PamService): LineRule[] {
  const tried = (outcome: Outcome, fixed: Groups = {}) => attempt(service, outcome, { method: 'pam', ...fixed });
  const failed = tried(Outcome.FAILURE);
  const rule = (text: string, fact: NonNullable<LineRule['fact']>) => says(new RegExp(`^${text}$`, 'is'), fact);
  return [
    // pam_faillock, pam_tally2, pam_tally
    rule(`(?<reason>Consecutive login failures) for user (?<user>${NAME}) account temporarily locked`, failed),
    rule(`user (?<user>${NAME}?) \\(\\d+\\) (?<reason>tally \\d+, deny \\d+|has time limit.{0,100})`, failed),
    rule(`User (?<user>${NAME}?) \\(\\d+\\) (?<reason>is (?:temporarily )?locked.{0,100})`, failed),
    // pam_access, pam_listfile, pam_succeed_if, pam_limits, pam_time, pam_securetty, pam_nologin, pam_wheel
    rule(`(?<reason>access denied) for user [\`'](?<user>${NAME})' from [\`'](?<address>[^\`'\\s]{1,255})'`, failed),
    rule(`(?<reason>Access denied) for user (?<user>${NAME}?): \\d+ \\(.{1,200}\\)`, failed),
    rule(`(?<reason>Refused user) (?<user>${NAME}) for service \\S{1,64}`, failed),
    says(/^(?<reason>requirement ".{1,200}" not met) by user "(?<user>.{0,256})"$/s, (groups) => failed(groups)),
    rule(`(?<reason>too many logins \\(max \\d+\\)) for (?<user>${NAME})`, failed),
    rule(`access denied: (?<reason>tty '.{1,64}' is not secure ?!?)`, failed),
    rule(
      `(?<reason>Access (?:denied|granted)) (?:to|for) '(?<user>[^']{0,255})' for '(?<target>[^']{0,255})'`,
      (groups) => {
        const outcome = /granted/i.test(groups.reason ?? '') ? Outcome.SUCCESS : Outcome.FAILURE;
        if (!raises) return tried(outcome)(groups);
        const names = { user: { name: groups.user }, targetUser: { name: groups.target } };
        return privilege(outcome, service, { ...names, authentication: { method: 'pam', reason: groups.reason } });
      },
    ),
    // pam_google_authenticator, pam_duo, pam_oath
    rule(
      `(?<reason>Invalid verification code|Trying to reuse a previously used time-based code|Failed to use scratch code) for "?(?<user>${NAME}?)"?`,
      tried(Outcome.FAILURE, { method: 'totp' }),
    ),
    repeats(
      new RegExp(`^Accepted google_authenticator for (?<user>${NAME})$`, 's'),
      tried(Outcome.SUCCESS, { method: 'totp' }),
    ),
    rule(
      `(?<result>Successful|Failed|Aborted|Skipped|Error in) Duo login for '(?<user>${NAME})'(?: from (?<address>[^\\s:]{1,255}))?(?:: (?<reason>.{0,200}))?`,
      (groups) =>
        tried(/^(?:Successful|Skipped)$/i.test(groups.result ?? '') ? Outcome.SUCCESS : Outcome.FAILURE, {
          method: 'duo',
        })(groups),
    ),
    // pam_krb5, pam_winbind, pam_ldap, pam_sss
    rule(
      `authentication (?<result>succeeds|fails) for '(?<user>${NAME}?)' \\(.{0,300}\\)(?:: (?<reason>.{0,200}))?`,
      (groups) =>
        tried(groups.result === 'succeeds' ? Outcome.SUCCESS : Outcome.FAILURE, { method: 'kerberos' })(groups),
    ),
    rule(`user (?<user>${NAME}?) authenticated as \\S{1,512}`, tried(Outcome.SUCCESS, { method: 'kerberos' })),
    rule(`user '(?<user>${NAME})' (?<result>granted|denied) access(?: \\((?<reason>.{0,200})\\))?`, (groups) =>
      tried(groups.result === 'granted' ? Outcome.SUCCESS : Outcome.FAILURE)(groups),
    ),
    rule(`Authentication failure; user=(?<user>${NAME})`, failed),
    rule(`error trying to bind as user "(?<user>${NAME})" \\((?<reason>Invalid credentials)\\)`, failed),
    repeats(/^received for user (?<user>.{1,256}): \d+ \((?<reason>.{1,200})\)$/s, failed),
    repeats(/^request wbcLogonUser failed: .{1,200}(?<reason>NT_STATUS_[A-Z_]{1,64}).{0,300}$/s, failed),
    module === 'pam_systemd' || module === 'pam_env' || module === 'pam_motd' || module === 'pam_mail'
      ? nothing(/^/)
      : nothing(
          /^(?:Creating directory|cannot |can't |error |unable |unrecognized|unknown option|Failed to|Could not|no such|gkr-pam|session |new password|bad password|getting password|pam_|Password change|error: |Last login|Authentication failure$|User unknown|entered|called|Unable|user not |\(null\)|couldn't |Stopped|Unlocked|unlocked|the password for the login keyring|denied|New sd-bus|Debug|debug)/i,
        ),
  ];
}
