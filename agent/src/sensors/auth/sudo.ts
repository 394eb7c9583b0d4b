// sudo's own line: "alice : [reason ; ]TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls -l"; sudo-rs writes the same form.
// What stands before TTY= is sudo's; the working directory and the command are the user's words. The outcome is therefore read
// before TTY=, and the command is everything after the first COMMAND=. Where a second USER= follows, directory and command cannot
// be told apart: target and directory are withheld, and the command holds all of it.
import { Outcome } from '@threatguard/proto';
import {
  type Fact,
  type Groups,
  isRepeated,
  type LineRule,
  nothing,
  privilege,
  repeats,
  says,
  withhold,
} from './fact.ts';

const HEAD =
  '^\\s*(?<user>\\S.{0,255}?) : (?:(?<reason>[^;=]{1,300}?(?: environment variables: [^;]{1,300})?) ; )?(?:HOST=[^;]{0,255} ; )?(?:TTY=(?<tty>[^\\s;]{0,64}) ; )?(?:CHROOT=.{0,512}? ; )?PWD=(?<directory>.{0,4096}?) ;';
const COMMAND = new RegExp(
  `${HEAD}(?: USER=(?<target>.{0,256}?) ;)?(?: GROUP=.{0,256}? ;)?(?: TSID=\\S{1,64} ;)?(?: ENV=.{0,2048}? ;)? COMMAND=(?<command>.*)$`,
  's',
);
const WITHOUT_COMMAND = new RegExp(`${HEAD}(?: USER=(?<target>.{0,256}?) ;)?(?: GROUP=.{0,256}? ;)?\\s*$`, 's');
const ATTEMPTS = /^(\d{1,4}) incorrect password attempts?$/;
const TARGET = / ; USER=/g;
/** What one line of a syslog daemon can hold, and more than any shell takes. */
const SAID_MAX = 16 * 1024;

function ran(groups: Groups): Fact {
  const reason = groups.reason?.trim() ?? '';
  const attempts = ATTEMPTS.exec(reason);
  const fact = privilege(reason ? Outcome.FAILURE : Outcome.SUCCESS, 'sudo', {
    user: { name: groups.user },
    targetUser: { name: groups.target ?? '' },
    process: { workingDirectory: groups.directory },
    authentication: {
      method: attempts ? 'password' : '',
      tty: groups.tty === 'unknown' ? '' : groups.tty,
      command: groups.command ?? '',
      reason,
      count: attempts && attempts[1] !== '1' ? Number(attempts[1]) : 0,
    },
  });
  const isAmbiguous = isRepeated(TARGET, `${groups.directory} ; USER=${groups.command ?? ''}`.slice(0, SAID_MAX));
  return isAmbiguous ? withhold(fact, 'user.target.name', 'process.working_directory') : fact;
}

export const SUDO_RULES: LineRule[] = [
  says(COMMAND, ran),
  says(WITHOUT_COMMAND, ran),
  repeats(/^(?:pam_authenticate|PAM): (?<reason>.{1,200})$/s, ({ reason }) =>
    privilege(Outcome.FAILURE, 'sudo', { authentication: { reason } }),
  ),
  nothing(
    /^(?:\s*\S{1,255} : (?:\(command continued\)|unable to resolve host|problem with defaults)|\S{1,64} unable to resolve host|pam_|unable to|.{0,200}(?:no tty present|a terminal is required|a password is required)|timestamp|(?:error|warning): |session opened|.{0,80}defaults entries)/s,
  ),
];
