// Which fields of the kernel's structures the programs read, by the names they have in its source.
import type { Btf } from '../../kernel/btf.ts';

/** Offsets of everything the programs read; throws BtfError naming what this kernel lacks. */
export function kernelLayout(btf: Btf) {
  const at = btf.offsetOf.bind(btf);
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
      // Kernels built without auditing have neither.
      loginUserId: btf.findOffset('task_struct', 'loginuid'),
      sessionId: btf.findOffset('task_struct', 'sessionid'),
    },
    signal: { tty: at('signal_struct', 'tty'), live: at('signal_struct', 'live') },
    tty: { name: at('tty_struct', 'name') },
    mm: { start: at('mm_struct', 'arg_start'), end: at('mm_struct', 'arg_end'), file: at('mm_struct', 'exe_file') },
    fs: { directory: at('fs_struct', 'pwd') },
    file: { path: at('file', 'f_path'), inode: at('file', 'f_inode'), data: at('file', 'private_data') },
    inode: { mode: at('inode', 'i_mode'), links: at('inode', 'i_nlink') },
    path: { mount: at('path', 'mnt'), dentry: at('path', 'dentry') },
    dentry: { parent: at('dentry', 'd_parent'), name: at('dentry', 'd_name.name') },
    vfsmount: { root: at('vfsmount', 'mnt_root') },
    mount: { parent: at('mount', 'mnt_parent'), point: at('mount', 'mnt_mountpoint'), inner: at('mount', 'mnt') },
    files: { table: at('files_struct', 'fdt'), list: at('fdtable', 'fd') },
    cgroup: {
      group: at('css_set', 'dfl_cgrp'),
      node: at('cgroup', 'kn'),
      name: at('kernfs_node', 'name'),
      parent: btf.findOffset('kernfs_node', 'parent') ?? at('kernfs_node', '__parent'), // renamed in 6.15
    },
    socket: {
      sock: at('socket', 'sk'),
      family: at('sock', '__sk_common.skc_family'),
      localPort: at('sock', '__sk_common.skc_num'),
      remotePort: at('sock', '__sk_common.skc_dport'),
      remoteV4: at('sock', '__sk_common.skc_daddr'),
      localV4: at('sock', '__sk_common.skc_rcv_saddr'),
      // Kernels built without IPv6 have neither.
      remoteV6: btf.findOffset('sock', '__sk_common.skc_v6_daddr'),
      localV6: btf.findOffset('sock', '__sk_common.skc_v6_rcv_saddr'),
    },
  };
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
