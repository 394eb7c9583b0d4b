// Holds decoded events against the limits both ends agreed on. This runs for every event before anything else reads it,
// so the fields stand here one by one instead of being walked by name.
import {
  ARGS_BYTES_MAX,
  FIELD_BYTES_MAX,
  FIELD_ENTRIES_MAX,
  type HostEvent,
  ORIGINAL_BYTES_MAX,
  type Process,
  RefusalError,
  type User,
} from '@threatguard/proto';

/** Throws RefusalError `field_too_long` for the first string or list that exceeds its limit; it names the field. */
export function checkLimits(events: readonly HostEvent[]): void {
  for (const event of events) {
    checkText(event.sensor, 'sensor');
    checkText(event.serviceName, 'service_name');
    checkText(event.original, 'original', ORIGINAL_BYTES_MAX);
    if (event.missing?.length) checkList(event.missing, 'missing');
    if (event.user) checkUser(event.user, 'user');
    if (event.targetUser) checkUser(event.targetUser, 'target_user');
    if (event.process) checkProcess(event.process);
    if (event.targetProcess) checkProcess(event.targetProcess);
    if (event.network) {
      checkText(event.network.transport, 'network.transport');
      checkText(event.network.sourceAddress, 'network.source_address');
      checkText(event.network.destinationAddress, 'network.destination_address');
      checkText(event.network.questionName, 'network.question_name');
      checkText(event.network.questionType, 'network.question_type');
      if (event.network.answers?.length) checkList(event.network.answers, 'network.answers');
    }
    if (event.file) {
      checkText(event.file.path, 'file.path');
      checkText(event.file.previousSha256, 'file.previous_sha256');
      checkText(event.file.sha256, 'file.sha256');
      if (event.file.addedLines?.length) checkList(event.file.addedLines, 'file.added_lines');
      if (event.file.removedLines?.length) checkList(event.file.removedLines, 'file.removed_lines');
    }
    if (event.authentication) {
      checkText(event.authentication.method, 'authentication.method');
      checkText(event.authentication.sourceAddress, 'authentication.source_address');
      checkText(event.authentication.keyFingerprint, 'authentication.key_fingerprint');
      checkText(event.authentication.tty, 'authentication.tty');
      checkText(event.authentication.command, 'authentication.command');
      checkText(event.authentication.reason, 'authentication.reason');
    }
    if (event.host) {
      checkText(event.host.osName, 'host.os_name');
      checkText(event.host.osVersion, 'host.os_version');
      checkText(event.host.kernel, 'host.kernel');
    }
    if (event.inventory) {
      checkText(event.inventory.kind, 'inventory.kind');
      if (event.inventory.added?.length) checkList(event.inventory.added, 'inventory.added');
      if (event.inventory.removed?.length) checkList(event.inventory.removed, 'inventory.removed');
    }
  }
}

function checkUser(user: User, field: string): void {
  checkText(user.name, field);
  checkText(user.groupName, field);
  checkText(user.home, field);
  checkText(user.shell, field);
}

/** The process, or the one it attached to: both are named `process`. */
function checkProcess(process: Process): void {
  checkText(process.name, 'process.name');
  checkText(process.executable, 'process.executable');
  checkText(process.workingDirectory, 'process.working_directory');
  checkText(process.parentName, 'process.parent_name');
  checkText(process.parentExecutable, 'process.parent_executable');
  checkText(process.cgroup, 'process.cgroup');
  checkText(process.containerId, 'process.container_id');
  checkText(process.executableSha256, 'process.executable_sha256');
  checkText(process.tty, 'process.tty');
  if (process.args?.length) checkArgs(process.args, 'process.args');
  if (process.parentArgs?.length) checkArgs(process.parentArgs, 'process.parent_args');
  const sockets = process.stdioSockets;
  if (!sockets?.length) return;
  if (sockets.length > FIELD_ENTRIES_MAX) throw tooLong('process.stdio_sockets', `${sockets.length} entries`);
  for (const socket of sockets) {
    checkText(socket.family, 'process.stdio_sockets.family');
    checkText(socket.localAddress, 'process.stdio_sockets.local_address');
    checkText(socket.remoteAddress, 'process.stdio_sockets.remote_address');
  }
}

function checkText(text: string | undefined, field: string, bytesMax = FIELD_BYTES_MAX): void {
  // A UTF-16 unit is at most three bytes of UTF-8, so short strings are settled without counting.
  if (text !== undefined && text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax) {
    throw tooLong(field, `more than ${bytesMax} bytes`);
  }
}

function checkList(list: readonly string[], field: string): void {
  if (list.length > FIELD_ENTRIES_MAX) throw tooLong(field, `${list.length} entries`);
  for (const text of list) checkText(text, field);
}

function checkArgs(args: readonly string[], field: string): void {
  if (args.length > FIELD_ENTRIES_MAX) throw tooLong(field, `${args.length} entries`);
  let units = 0;
  for (const arg of args) units += arg.length;
  if (units * 3 <= ARGS_BYTES_MAX) return;
  let bytes = 0;
  for (const arg of args) bytes += Buffer.byteLength(arg);
  if (bytes > ARGS_BYTES_MAX) throw tooLong(field, `more than ${ARGS_BYTES_MAX} bytes together`);
}

function tooLong(field: string, what: string): RefusalError {
  return new RefusalError('field_too_long', `${field}: ${what}`);
}
