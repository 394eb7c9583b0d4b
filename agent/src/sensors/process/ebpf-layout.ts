// Which fields of the kernel's structures the programs read, by the names they have in its source.
import type { Btf } from '../../kernel/btf.ts';

const POINTER_BYTES = 8;

/** Offsets of everything the programs read; throws BtfError naming what this kernel lacks. */
export function kernelLayout(btf: Btf) {
  const at = btf.offsetOf.bind(btf);
  const firstOf = (names: string[]) =>
    names.map((name) => btf.findOffset('inode', name)).find((offset) => offset !== undefined) ?? at('inode', names[0]!);
  return {
    task: {
      tgid: at('task_struct', 'tgid'),
      parent: at('task_struct', 'real_parent'),
      name: at('task_struct', 'comm'),
      start: btf.findOffset('task_struct', 'start_boottime') ?? at('task_struct', 'real_start_time'),
      mm: at('task_struct', 'mm'),
      fs: at('task_struct', 'fs'),
      files: at('task_struct', 'files'),
      signal: at('task_struct', 'signal'),
      cgroups: at('task_struct', 'cgroups'),
      exitCode: at('task_struct', 'exit_code'),
      credentials: at('task_struct', 'cred'),
      leader: at('task_struct', 'group_leader'),
      traced: at('task_struct', 'ptraced'),
      tracedEntry: at('task_struct', 'ptrace_entry'),
      namedBy: at('task_struct', 'thread_pid'),
      // Kernels built without auditing have neither.
      loginUserId: btf.findOffset('task_struct', 'loginuid'),
      sessionId: btf.findOffset('task_struct', 'sessionid'),
    },
    /** How deep in namespaces of process numbers. */
    pid: { level: at('pid', 'level') },
    signal: { tty: at('signal_struct', 'tty'), live: at('signal_struct', 'live') },
    tty: { name: at('tty_struct', 'name') },
    mm: { start: at('mm_struct', 'arg_start'), end: at('mm_struct', 'arg_end'), file: at('mm_struct', 'exe_file') },
    fs: { directory: at('fs_struct', 'pwd') },
    file: { path: at('file', 'f_path'), inode: at('file', 'f_inode'), data: at('file', 'private_data') },
    inode: {
      mode: at('inode', 'i_mode'),
      links: at('inode', 'i_nlink'),
      number: at('inode', 'i_ino'),
      sizeBytes: at('inode', 'i_size'),
      // Each of the names these times have had: in 6.11, from 6.7 (6.6 for the second), and before.
      modified: firstOf(['i_mtime_sec', '__i_mtime', 'i_mtime']),
      modifiedNs: firstOf(['i_mtime_nsec', '__i_mtime.tv_nsec', 'i_mtime.tv_nsec']),
      changed: firstOf(['i_ctime_sec', '__i_ctime', 'i_ctime']),
      changedNs: firstOf(['i_ctime_nsec', '__i_ctime.tv_nsec', 'i_ctime.tv_nsec']),
      filesystem: at('inode', 'i_sb'),
    },
    filesystem: { device: at('super_block', 's_dev') },
    credentials: {
      effectiveUserId: at('cred', 'euid'),
      effectiveGroupId: at('cred', 'egid'),
      capabilities: at('cred', 'cap_effective'),
    },
    path: { mount: at('path', 'mnt'), dentry: at('path', 'dentry') },
    dentry: { parent: at('dentry', 'd_parent'), name: at('dentry', 'd_name.name') },
    vfsmount: { root: at('vfsmount', 'mnt_root') },
    mount: { parent: at('mount', 'mnt_parent'), point: at('mount', 'mnt_mountpoint'), inner: at('mount', 'mnt') },
    files: { table: at('files_struct', 'fdt'), list: at('fdtable', 'fd') },
    cgroup: {
      group: at('css_set', 'dfl_cgrp'),
      // Where the hierarchies are still apart (cgroup v1), that of pids or memory; undefined where a kernel has neither.
      legacy: legacyState(btf),
      ofState: at('cgroup_subsys_state', 'cgroup'),
      node: at('cgroup', 'kn'),
      name: at('kernfs_node', 'name'),
      parent: btf.findOffset('kernfs_node', 'parent') ?? at('kernfs_node', '__parent'), // renamed in 6.15
    },
    tcp: {
      bytesSent: at('tcp_sock', 'bytes_sent'),
      bytesSentAgain: at('tcp_sock', 'bytes_retrans'),
      bytesReceived: at('tcp_sock', 'bytes_received'),
    },
    socket: {
      sock: at('socket', 'sk'),
      family: at('sock', '__sk_common.skc_family'),
      localPort: at('sock', '__sk_common.skc_num'),
      remotePort: at('sock', '__sk_common.skc_dport'),
      remoteV4: at('sock', '__sk_common.skc_daddr'),
      localV4: at('sock', '__sk_common.skc_rcv_saddr'),
      protocol: at('sock', 'sk_protocol'),
      sourcePort: at('inet_sock', 'inet_sport'),
      userId: at('sock', 'sk_uid'),
      cookie: at('sock', '__sk_common.skc_cookie'),
      flags: at('sock', '__sk_common.skc_flags'),
      // Kernels built without IPv6 have neither.
      remoteV6: btf.findOffset('sock', '__sk_common.skc_v6_daddr'),
      localV6: btf.findOffset('sock', '__sk_common.skc_v6_rcv_saddr'),
    },
  };
}

function legacyState(btf: Btf): number | undefined {
  const index =
    btf.findConstant('cgroup_subsys_id', 'pids_cgrp_id') ?? btf.findConstant('cgroup_subsys_id', 'memory_cgrp_id');
  return index === undefined ? undefined : btf.offsetOf('css_set', 'subsys') + index * POINTER_BYTES;
}

export type KernelLayout = ReturnType<typeof kernelLayout>;

/** The fields of an event that this kernel's structures do not have, by ECS name. */
export function missingFields(btf: Btf): string[] {
  const { task } = kernelLayout(btf);
  return [
    ...(task.loginUserId === undefined ? ['threatguard.process.login_uid'] : []),
    ...(task.sessionId === undefined ? ['threatguard.process.session_id'] : []),
  ];
}
